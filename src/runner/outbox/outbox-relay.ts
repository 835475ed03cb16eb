import type { ClientBase } from 'pg';
import { createBackoff } from '../../concurrency/backoff.ts';
import { joinSignals } from '../../concurrency/join-signals.ts';
import { pause } from '../../concurrency/pause.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { lockOutbox, waitingTopics } from '../store/outbox-queue-store.ts';
import { EventSchemas } from './event-schemas.ts';
import { TopicQueue } from './topic-queue.ts';

/**
 * How often to look for events of other processes, and to keep the session that holds the lock
 * alive.
 */
const LOOK_EVERY_MS = 1_000;
/** How often to check whether work in progress has ended, when the relay is stopping. */
const LOOK_STOPPING_MS = 20;

/**
 * Publishes the events of the outbox. One relay at a time over all processes (an advisory lock). At
 * least once: a relay that dies between the log's acknowledgement and the deletion leaves numbered
 * events; the next relay publishes them again with the same numbers, so that our consumers drop the
 * repetitions (ADR 0038). Each topic and each partition is independent: one that is missing or
 * refuses delays no other. Never blocks a fold: the relay alone waits for an unavailable log.
 * States: *running* → `stop` → ended, once work in progress has ended.
 */
export class OutboxRelay {
  readonly #settings: RunnerSettings;
  readonly #schemas: EventSchemas;
  readonly #queues = new Map<string, TopicQueue>();
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | null = null;

  constructor(settings: RunnerSettings) {
    this.#settings = settings;
    this.#schemas = new EventSchemas(settings);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Notifies the relay that there may be new events. */
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
        await inTransaction(this.#settings.pool, async (client) => {
          if (await lockOutbox(client)) await this.#publish(client);
        });
        attempt = 0;
        await this.#pause();
      } catch (error) {
        this.#settings.logger.warn(
          { reason: describeError(error) },
          'publishing from the outbox failed; trying again',
        );
        await backoff.wait(attempt).catch(() => undefined);
        attempt += 1;
      }
    }
    while (this.#isBusy) await this.#pause();
  }

  /**
   * Publishes until nothing is left that can be sent now. This session holds the lock in the
   * meantime.
   */
  async #publish(client: ClientBase): Promise<void> {
    for (;;) {
      this.#wake = new AbortController();
      await client.query('select 1'); // keeps the session alive, which holds the lock
      if (!this.#stop.signal.aborted) await this.#look();
      if (!this.#isBusy) return;
      await this.#pause();
    }
  }

  async #look(): Promise<void> {
    const topics = await waitingTopics(this.#settings.pool);
    for (const topic of topics) this.#queueOf(topic).look();
    for (const [topic, queue] of this.#queues) {
      if (!queue.isBusy && !topics.includes(topic)) this.#queues.delete(topic);
    }
  }

  get #isBusy(): boolean {
    return [...this.#queues.values()].some(({ isBusy }) => isBusy);
  }

  #queueOf(topic: string): TopicQueue {
    let queue = this.#queues.get(topic);
    if (queue === undefined) {
      const parts = { settings: this.#settings, schemas: this.#schemas };
      queue = new TopicQueue(topic, { ...parts, onFree: () => this.wake() });
      this.#queues.set(topic, queue);
    }
    return queue;
  }

  /** Waits for new events, or, when stopping, for work in progress. */
  async #pause(): Promise<void> {
    if (this.#stop.signal.aborted) return pause(LOOK_STOPPING_MS);
    const { signal, release } = joinSignals([this.#stop.signal, this.#wake.signal]);
    await pause(LOOK_EVERY_MS, signal);
    release();
  }
}
