import { setTimeout as delay } from 'node:timers/promises';
import { joinSignals } from '../async/join-signals.ts';
import { withSchemaId } from '../avro/confluent-header.ts';
import { subjectOf } from '../event/subject-of.ts';
import type { AppendRecord } from '../log/event-log.ts';
import { findOrRegister } from '../registry/registry-history.ts';
import { createBackoff } from './backoff.ts';
import { describeError } from './open-session.ts';
import type { StoredOutboxRecord } from './outbox-store.ts';
import { deleteOutbox, takeOutbox } from './outbox-store.ts';
import type { RunnerSettings } from './settings.ts';
import { inTransaction } from './transaction.ts';

/** Events published per transaction. */
const RECORDS_MAX = 1_000;
/** How often to look for events that other processes put there. */
const LOOK_EVERY_MS = 1_000;

/** Header with the deterministic id of a published event: a consumer that has seen it may drop the record. */
const ID_HEADER = 'reprise-id';

/**
 * Publishes what is in the outbox, in the order of the outbox, one relay at a time over all processes (an advisory lock), at least once: a relay that dies
 * between the log's acknowledgement and the deletion publishes again, with the same ids. Never in the way of a fold: a log that is away is waited for here.
 * States: *running* → `stop` → ended, after what is under way.
 */
export class OutboxRelay {
  readonly #settings: RunnerSettings;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | null = null;

  constructor(settings: RunnerSettings) {
    this.#settings = settings;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There may be something new. */
  wake(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const backoff = createBackoff({ signal: this.#stop.signal });
    for (let attempt = 0; !this.#stop.signal.aborted; ) {
      try {
        this.#wake = new AbortController();
        const published = await this.#publishSome();
        attempt = 0;
        if (published === 0) await this.#pause();
      } catch (error) {
        this.#settings.logger.warn(
          { reason: describeError(error) },
          'publishing from the outbox failed; trying again',
        );
        await backoff.wait(attempt).catch(() => undefined);
        attempt += 1;
      }
    }
  }

  #publishSome(): Promise<number> {
    const { pool, log } = this.#settings;
    return inTransaction(pool, async (client) => {
      const taken = await takeOutbox(client, RECORDS_MAX);
      if (taken.length === 0) return 0;
      const records: AppendRecord[] = [];
      for (const each of taken) records.push(await this.#recordOf(each));
      await log.append(records);
      await deleteOutbox(
        client,
        taken.map(({ id }) => id),
      );
      return taken.length;
    });
  }

  async #recordOf(stored: StoredOutboxRecord): Promise<AppendRecord> {
    const { topic, key, value, schemaText, timestampMs, eventId } = stored;
    const headers = [{ key: ID_HEADER, value: Buffer.from(eventId) }];
    if (schemaText === null) return { topic, key, value, timestampMs, headers };
    const id = await this.#schemaId(topic, schemaText);
    return { topic, key, value: withSchemaId(value, id), timestampMs, headers };
  }

  readonly #ids = new Map<string, number>();

  async #schemaId(topic: string, schemaText: string): Promise<number> {
    const subject = subjectOf({ topic, schemaText }, this.#settings.subjects);
    const known = this.#ids.get(subject + schemaText);
    if (known !== undefined) return known;
    const { id } = await findOrRegister(this.#settings.registry, subject, schemaText);
    this.#ids.set(subject + schemaText, id);
    return id;
  }

  async #pause(): Promise<void> {
    const { signal, release } = joinSignals([this.#stop.signal, this.#wake.signal]);
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    release();
  }
}
