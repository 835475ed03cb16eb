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
 * How often to look for events that other processes put there, and to say that the lock is held.
 */
const LOOK_EVERY_MS = 1_000;
/** How often to look whether what is under way has ended, when the relay is to end. */
const LOOK_STOPPING_MS = 20;

/**
 * Publishes what is in the outbox, one relay at a time over all processes (an advisory lock), at
 * least once: a relay that dies between the log's acknowledgement and the deletion leaves numbers
 * behind with which the next one publishes again, so that consumers of ours drop the repetitions
 * (ADR 0038). Each topic, and each partition of it, goes at its own pace: one that is missing or
 * refuses holds up no other. Never in the way of a fold: a log that is away is waited for here.
 * States: *running* → `stop` → ended, after what is under way.
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

  /** Publishes until nothing is left that can be sent now; the lock is this session's meanwhile. */
  async #publish(client: ClientBase): Promise<void> {
    for (;;) {
      this.#wake = new AbortController();
      await client.query('select 1'); // an idle session would be ended, and the lock lost
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

  /** Waits for something new, or for what is under way once there is to be nothing new. */
  async #pause(): Promise<void> {
    if (this.#stop.signal.aborted) return pause(LOOK_STOPPING_MS);
    const { signal, release } = joinSignals([this.#stop.signal, this.#wake.signal]);
    await pause(LOOK_EVERY_MS, signal);
    release();
  }
}
