import type { DataKeys } from '../erasure/data-keys.ts';
import { noDataKeys } from '../erasure/data-keys.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import type { SubjectStrategies } from '../event/subject-of.ts';
import type { AppendRecord, EventLog, Position } from '../log/event-log.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { RepriseError } from '../reprise-error.ts';
import { AppendBatch } from './append-batch.ts';
import { type Encode, EventEncodings } from './event-encodings.ts';
import { EventSealer } from './event-sealer.ts';
import type { Publisher, PublishOptions } from './publisher.ts';
import { recordOf } from './record-of.ts';

/** Options of `createPublisher`: the log to append to, and batching. */
export interface PublisherOptions {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  /** Keys of `pii` fields. Default: none; events with such fields are then refused. */
  readonly dataKeys?: DataKeys;
  /**
   * How long a send waits for others to share its append while the log is idle, in milliseconds.
   * Default 0: until the current turn of the event loop ends.
   */
  readonly lingerMs?: number;
  /** Maximum number of records of one append. Default 50,000. */
  readonly batchRecordsMax?: number;
  /**
   * Maximum bytes of keys and values of one append; a larger single record is appended alone.
   * Default 4 MiB.
   */
  readonly batchBytesMax?: number;
  /** Maximum bytes published and not acknowledged; beyond it `ready` waits. Default 16 MiB. */
  readonly pendingBytesMax?: number;
  /** Naming strategies of registry subjects, by topic. Default: `topicRecordName`. */
  readonly subjects?: SubjectStrategies;
}

/**
 * Creates a publisher. Only one append is in flight at a time, so the order of `publish` calls of
 * one event definition is the order in each partition. Meanwhile further records are collected for
 * the next append. A send rejects if its own record failed, not if others did.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  return new BatchingPublisher(options);
}

/** The arguments of `publish`. */
interface Given {
  readonly event: EventDefinition;
  readonly value: unknown;
  readonly options: PublishOptions | undefined;
}

/** A caller of `flush` and the number of sends that must settle first. */
interface Flush {
  readonly until: number;
  readonly resolve: () => void;
}

const readyAtOnce = Promise.resolve();
/** Bytes published before `ready` yields to the event loop: a few milliseconds of encoding. */
const yieldBytesMax = 128 << 10;
const closeTimeoutMsDefault = 30_000;

/**
 * States: open → closed. States of a send: (encrypted, if it has `pii` fields →) held (its schema
 * is being registered) → queued → in flight → acknowledged or rejected, in the order of `publish`
 * per event definition.
 */
class BatchingPublisher implements Publisher {
  readonly #options: Required<PublisherOptions>;
  readonly #encodings: EventEncodings;
  readonly #sealer: EventSealer;
  /** Batches that wait to be appended, in order; sends are added to the last. */
  #queue: AppendBatch[] = [];
  #inFlight: AppendBatch | null = null;
  #pendingBytes = 0;
  #bytesSinceYield = 0;
  #queued = 0;
  #settled = 0;
  #flushes: Flush[] = [];
  #readyWaiters: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;
  #isUrgent = false;
  #closing: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    this.#options = {
      lingerMs: 0,
      batchRecordsMax: 50_000,
      batchBytesMax: 4 << 20,
      pendingBytesMax: 16 << 20,
      subjects: {},
      dataKeys: noDataKeys,
      ...options,
    };
    this.#sealer = new EventSealer(this.#options.dataKeys);
    this.#encodings = new EventEncodings(this.#options.registry, this.#options.subjects);
  }

  publish<Event>(
    event: EventDefinition<Event>,
    value: Event,
    options?: PublishOptions,
  ): Promise<Position> {
    if (this.#closing !== undefined) {
      const message = 'The publisher is closed. Publish before close, or make a new one.';
      return Promise.reject(new RepriseError('CLOSED', message));
    }
    const definition = event as EventDefinition;
    const given = { event: definition, value, options };
    if (!this.#sealer.seals(definition)) return this.#encode(given, value);
    return this.#sealer.seal(definition, value).then((sealed) => this.#encode(given, sealed));
  }

  #encode(given: Given, content: unknown): Promise<Position> {
    const encode = this.#encodings.ready(given.event);
    if (encode !== undefined) return this.#send(given, encode, content);
    const registered = this.#encodings.register(given.event);
    return registered.then((ready) => this.#send(given, ready, content));
  }

  #send({ event, value, options }: Given, encode: Encode, content: unknown): Promise<Position> {
    let record: AppendRecord;
    try {
      record = recordOf(event, encode(content), value, options);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return this.#enqueue(record);
  }

  ready(): Promise<void> {
    if (this.#sealer.isFull) return this.#sealer.settled().then(() => this.ready());
    if (this.#encodings.isRegistering) return this.#encodings.settled().then(() => this.ready());
    if (this.#pendingBytes >= this.#options.pendingBytesMax) {
      return new Promise((resolve) => this.#readyWaiters.push(resolve));
    }
    if (this.#bytesSinceYield < yieldBytesMax) return readyAtOnce;
    // A loop of `publish` must yield to the event loop, or no response of the log is ever read.
    this.#bytesSinceYield = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }

  async flush(): Promise<void> {
    await this.#sealer.settled();
    await this.#encodings.settled();
    if (this.#settled === this.#queued) return;
    this.#isUrgent = true;
    const flushed = new Promise<void>((resolve) => {
      this.#flushes.push({ until: this.#queued, resolve });
    });
    this.#pump();
    await flushed;
  }

  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? closeTimeoutMsDefault);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.flush(), overdue]);
    clearTimeout(timer);
    this.#encodings.abandon(notInTime(timeoutMs, 'It was not sent.'));
    const inFlight = notInTime(
      timeoutMs,
      'It may have been written: look before publishing it again.',
    );
    this.#inFlight?.fail(inFlight);
    for (const waiting of this.#queue.splice(0)) {
      waiting.fail(notInTime(timeoutMs, 'It was not sent.'));
    }
  }

  #enqueue(record: AppendRecord): Promise<Position> {
    const bytes = bytesOf(record);
    const position = this.#roomFor(bytes).add(record, bytes);
    this.#queued += 1;
    this.#pendingBytes += bytes;
    this.#bytesSinceYield += bytes;
    this.#pump();
    return position;
  }

  /** Returns the batch to which a record of this size is added. */
  #roomFor(bytes: number): AppendBatch {
    const last = this.#queue.at(-1);
    const { batchRecordsMax, batchBytesMax } = this.#options;
    if (last !== undefined && last.count < batchRecordsMax && last.bytes + bytes <= batchBytesMax) {
      return last;
    }
    const next = new AppendBatch();
    this.#queue.push(next);
    return next;
  }

  #pump(): void {
    if (this.#inFlight !== null || this.#queue.length === 0) return;
    if (this.#isFull() || (this.#isUrgent && this.#options.lingerMs > 0)) {
      void this.#append();
      return;
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const append = () => {
      this.#isScheduled = false;
      if (this.#inFlight === null && this.#queue.length > 0) void this.#append();
    };
    if (this.#options.lingerMs === 0) setImmediate(append);
    else this.#timer = setTimeout(append, this.#options.lingerMs);
  }

  #isFull(): boolean {
    const { batchRecordsMax, batchBytesMax } = this.#options;
    const [first] = this.#queue;
    if (first === undefined) return false;
    return this.#queue.length > 1 || first.count >= batchRecordsMax || first.bytes >= batchBytesMax;
  }

  async #append(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#timer !== undefined) this.#isScheduled = false;
    this.#timer = undefined;
    this.#bytesSinceYield = 0;
    const batch = this.#queue.shift() as AppendBatch;
    this.#inFlight = batch;
    try {
      batch.succeed(await this.#options.log.append(batch.records));
    } catch (error) {
      batch.fail(error);
    }
    this.#pendingBytes -= batch.bytes;
    this.#settled += batch.count;
    this.#inFlight = null;
    this.#release();
    this.#pump();
  }

  #release(): void {
    if (this.#pendingBytes < this.#options.pendingBytesMax) {
      for (const resolve of this.#readyWaiters.splice(0)) resolve();
    }
    const waiting = this.#flushes.filter(({ until }) => until > this.#settled);
    for (const { until, resolve } of this.#flushes) if (until <= this.#settled) resolve();
    this.#flushes = waiting;
    this.#isUrgent = waiting.length > 0;
  }
}

function bytesOf({ key, value }: AppendRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

function notInTime(timeoutMs: number, whatNow: string): RepriseError {
  return new RepriseError(
    'TIMEOUT',
    `The publisher was closed and this event was not acknowledged within ${timeoutMs} ms. ${whatNow}`,
    { facts: { timeoutMs } },
  );
}
