import { createEventEncoder, type EventEncoder } from '../avro/event-encoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { recordKeyOf, recordTimeOf } from '../event/record-of.ts';
import { type SubjectStrategies, subjectOf } from '../event/subject-of.ts';
import type { AppendRecord, EventLog, Position } from '../log/event-log.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { RepriseError } from '../reprise-error.ts';
import type { Publisher, PublishOptions } from './publisher.ts';

/** Where a publisher sends to, and how it batches. */
export interface PublisherOptions {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  /** How long a send may wait for company, in milliseconds. Default 5. */
  readonly lingerMs?: number;
  /** Records of one append. Default 10,000. */
  readonly batchRecordsMax?: number;
  /** Bytes of keys and values of one append; a larger single record travels alone. Default 1 MiB. */
  readonly batchBytesMax?: number;
  /** Bytes accepted and not acknowledged; beyond it `publish` waits. Default 16 MiB. */
  readonly pendingBytesMax?: number;
  /** How subjects are named, by topic. Default: `topicRecordName`. */
  readonly subjects?: SubjectStrategies;
}

/**
 * Makes a publisher. One append is under way at a time, so the order of `publish` calls of one event definition is the order in
 * each partition. A failed append rejects the sends in it and no others.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  return new BatchingPublisher(options);
}

interface Send {
  readonly record: AppendRecord;
  readonly bytes: number;
  readonly resolve: (position: Position) => void;
  readonly reject: (error: unknown) => void;
}

interface Encoding {
  readonly encoder: EventEncoder<unknown>;
  readonly schemaId: number;
}

/**
 * open → closed. A send moves: admitted (room in the buffer) → queued → in flight → acknowledged or rejected.
 */
class BatchingPublisher implements Publisher {
  private readonly options: Required<PublisherOptions>;
  private readonly encodings = new Map<EventDefinition, Promise<Encoding>>();
  private readonly unsettled = new Set<Promise<unknown>>();
  private queue: Send[] = [];
  private readonly waiting: Send[] = [];
  private pendingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private appending = false;
  private urgent = false;
  private closed = false;

  constructor(options: PublisherOptions) {
    this.options = {
      lingerMs: 5,
      batchRecordsMax: 10_000,
      batchBytesMax: 1 << 20,
      pendingBytesMax: 16 << 20,
      subjects: {},
      ...options,
    };
  }

  publish<Event>(
    event: EventDefinition<Event>,
    value: Event,
    options: PublishOptions = {},
  ): Promise<Position> {
    if (this.closed) {
      const message = 'The publisher is closed. Publish before close, or make a new one.';
      return Promise.reject(new RepriseError('CLOSED', message));
    }
    const sent = this.send(event as EventDefinition, value, options);
    const settled: Promise<unknown> = sent.then(
      () => this.unsettled.delete(settled),
      () => this.unsettled.delete(settled),
    );
    this.unsettled.add(settled);
    return sent;
  }

  async flush(): Promise<void> {
    const before = [...this.unsettled];
    if (before.length === 0) return;
    this.urgent = true;
    this.pump();
    await Promise.all(before);
    this.urgent = false;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.flush();
  }

  private async send(
    event: EventDefinition,
    value: unknown,
    options: PublishOptions,
  ): Promise<Position> {
    const { encoder, schemaId } = await this.encodingOf(event);
    const record: AppendRecord = {
      topic: event.topic,
      key: recordKeyOf(event, value),
      value: encoder.encode(value, schemaId),
      timestampMs: options.timestampMs ?? recordTimeOf(event, value) ?? Date.now(),
      ...(options.partition === undefined ? {} : { partition: options.partition }),
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    };
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    return new Promise((resolve, reject) => {
      this.waiting.push({ record, bytes, resolve, reject });
      this.admit();
      this.pump();
    });
  }

  /** First come, first admitted: a small send never overtakes a large one that waits for room. */
  private admit(): void {
    const { pendingBytesMax } = this.options;
    for (let send = this.waiting[0]; send !== undefined; send = this.waiting[0]) {
      if (this.pendingBytes > 0 && this.pendingBytes + send.bytes > pendingBytesMax) return;
      this.waiting.shift();
      this.pendingBytes += send.bytes;
      this.queue.push(send);
    }
  }

  /** One look-up per definition; a failed one is forgotten, so that the next send tries again. */
  private encodingOf(event: EventDefinition): Promise<Encoding> {
    let encoding = this.encodings.get(event);
    if (encoding === undefined) {
      encoding = this.register(event);
      this.encodings.set(event, encoding);
      encoding.catch(() => this.encodings.delete(event));
    }
    return encoding;
  }

  private async register(event: EventDefinition): Promise<Encoding> {
    const encoder = createEventEncoder(event);
    if (event.schemaText === undefined) return { encoder, schemaId: 0 };
    const { topic, schemaText } = event;
    const subject = subjectOf({ topic, schemaText }, this.options.subjects);
    const { id } = await this.options.registry.register(subject, schemaText);
    return { encoder, schemaId: id };
  }

  private pump(): void {
    if (this.appending || this.queue.length === 0) return;
    if (this.urgent || this.options.lingerMs === 0 || this.isFull()) void this.append();
    else this.timer ??= setTimeout(() => void this.append(), this.options.lingerMs);
  }

  private isFull(): boolean {
    return (
      this.queue.length >= this.options.batchRecordsMax ||
      this.waiting.length > 0 ||
      this.pendingBytes >= this.options.batchBytesMax
    );
  }

  private async append(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.appending) return;
    this.appending = true;
    const batch = this.takeBatch();
    try {
      const positions = await this.options.log.append(batch.map((send) => send.record));
      batch.forEach((send, index) => send.resolve(positions[index] as Position));
    } catch (error) {
      for (const send of batch) send.reject(error);
    }
    for (const send of batch) this.pendingBytes -= send.bytes;
    this.appending = false;
    this.admit();
    this.pump();
  }

  private takeBatch(): Send[] {
    let bytes = 0;
    let count = 0;
    for (const send of this.queue) {
      bytes += send.bytes;
      if (count > 0 && bytes > this.options.batchBytesMax) break;
      count += 1;
      if (count === this.options.batchRecordsMax) break;
    }
    return this.queue.splice(0, count);
  }
}
