import { failpoint } from '../../concurrency/failpoint.ts';
import { partitionFor } from '../../log/partition-for.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import type { NumberedEvent, QueuedEvent } from '../store/outbox-queue-store.ts';
import {
  forgetPublished,
  readNumbered,
  readQueue,
  setFailure,
  setNumbers,
  setTargets,
  takeBack,
  takeNumbers,
} from '../store/outbox-queue-store.ts';
import type { EventSchemas } from './event-schemas.ts';
import { readPublishedUpTo } from './read-published-up-to.ts';
import { Rest, restMs } from './rest.ts';
import type { ReadyEvent, SendReport } from './send-events.ts';
import { isOfTopic, sendEvents } from './send-events.ts';

/** Events read at a time. */
const EVENTS_MAX = 1_000;
/** How long the described number of partitions is used. Milliseconds. */
const TRUSTED_MS = 60_000;

/** An event with its target partition. */
type Aimed = QueuedEvent & { readonly target: number };

/**
 * Events with their schema ids, and events that wait: their schema is refused, the registry is
 * unavailable, or an earlier event of their key waits.
 */
interface WithSchemas<Event extends QueuedEvent> {
  readonly ready: readonly { readonly event: Event; readonly schemaId: number | null }[];
  readonly passed: readonly Event[];
}

/**
 * Publishes the events that the outbox holds for one topic. Each partition is a separate lane:
 * *free* → `look` sends it events → *busy* → *free*, or *resting* after a failure, longer each
 * time. The whole topic rests when it cannot be described, its schemas cannot be resolved, or it
 * refuses access. Steps: 1 send numbered events first: an earlier attempt may have succeeded, so it
 * is repeated unchanged; 2 read the oldest other events, except those that failed recently and
 * later ones of their keys; 3 number them, in this order, with the watermark of what follows;
 * commit this before the first attempt; 4 append; 5 delete once acknowledged. An event that is
 * certainly not in the log loses its number again. So numbers ascend in every partition, whatever
 * fails.
 */
export class TopicQueue {
  readonly #topic: string;
  readonly #settings: RunnerSettings;
  readonly #schemas: EventSchemas;
  readonly #onFree: () => void;
  readonly #rest = new Rest();
  readonly #lanes = new Map<number, Rest>();
  readonly #busy = new Set<number>();
  #looking = false;
  #partitions = 0;
  #describedAtMs = Number.NEGATIVE_INFINITY;

  /** `onFree`: called whenever there may be more to send. */
  constructor(
    topic: string,
    parts: {
      readonly settings: RunnerSettings;
      readonly schemas: EventSchemas;
      readonly onFree: () => void;
    },
  ) {
    this.#topic = topic;
    this.#settings = parts.settings;
    this.#schemas = parts.schemas;
    this.#onFree = parts.onFree;
  }

  /** Whether any work is in progress. */
  get isBusy(): boolean {
    return this.#looking || this.#busy.size > 0;
  }

  /** Sends what can be sent now, in the background; never throws. */
  look(): void {
    if (this.#looking || !this.#rest.isOver) return;
    this.#looking = true;
    void this.#look()
      .catch((error: unknown) => {
        this.#rest.failed();
        this.#warn(describeError(error));
        return false;
      })
      .then((hasSent) => {
        this.#looking = false;
        if (hasSent) this.#onFree();
      });
  }

  /** @returns whether there may be more */
  async #look(): Promise<boolean> {
    const { pool } = this.#settings;
    const resting = this.#resting();
    const again = await readNumbered(pool, this.#topic, resting); // 1
    const taken = new Set([...resting, ...again.map(({ target }) => target)]);
    const queue = await readQueue(pool, this.#topic, [...taken], EVENTS_MAX); // 2
    const [first] = [...again, ...queue];
    if (first === undefined || !(await this.#isThere(first))) return false;
    const repeated = await this.#lookUpSchemas(again);
    if (repeated.passed.length > 0) {
      this.#rest.failed();
      return false;
    }
    this.#sendAll(repeated.ready, true);
    const found = await this.#lookUpSchemas(this.#aimed(queue));
    await setTargets(
      pool,
      found.ready.map(({ event }) => event).filter(({ target }) => taken.has(target)),
    );
    const fresh = found.ready.filter(({ event }) => !taken.has(event.target));
    if (fresh.length > 0) this.#sendAll(await this.#number(fresh), false);
    return queue.length === EVENTS_MAX;
  }

  /** Returns the partitions that are busy or rest after a failure. */
  #resting(): number[] {
    const resting = [...this.#lanes].filter(([, { isOver }]) => !isOver);
    return [...new Set([...this.#busy, ...resting.map(([partition]) => partition)])];
  }

  /**
   * Describes the topic's partitions. @returns whether that succeeded; if not, the topic rests and
   * the failure is recorded for `first`
   */
  async #isThere(first: QueuedEvent): Promise<boolean> {
    if (performance.now() - this.#describedAtMs < TRUSTED_MS) return true;
    const topic = this.#topic;
    try {
      const described = (await this.#settings.log.describe([topic])).get(topic);
      if (described === undefined) throw noSuchTopic(topic);
      this.#partitions = described.partitions.length;
      this.#describedAtMs = performance.now();
      return true;
    } catch (error) {
      // If the topic was described before, one partition may be without a leader: the others
      // continue.
      if (this.#partitions > 0 && !isOfTopic(error)) return true;
      await this.#topicFailed(first, error);
      return false;
    }
  }

  /**
   * Chooses target partitions. Events without a key are partitioned by their id, so that a
   * repetition has the same target.
   */
  #aimed(queue: readonly QueuedEvent[]): readonly Aimed[] {
    return queue.map((event) => {
      const by = event.key ?? Buffer.from(event.eventId);
      return { ...event, target: event.target ?? partitionFor(by, this.#partitions, 0) };
    });
  }

  /**
   * Looks up the schema ids of events. An event whose schema is refused waits, and so do later ones
   * of its key. When the registry is unavailable, the topic rests.
   */
  async #lookUpSchemas<Event extends QueuedEvent>(
    events: readonly Event[],
  ): Promise<WithSchemas<Event>> {
    const ready: { event: Event; schemaId: number | null }[] = [];
    const passed: Event[] = [];
    const failures = new Map<string, unknown>();
    const waiting = new Set<string>();
    for (const event of events) {
      const name = `${event.event} ${event.schemaText}`;
      const key = event.key?.toString('latin1');
      if (!failures.has(name) && !(key !== undefined && waiting.has(key))) {
        try {
          ready.push({ event, schemaId: await this.#schemas.idOf(event) });
          continue;
        } catch (error) {
          failures.set(name, error);
          if (isPassing(error)) {
            await this.#topicFailed(event, error);
            return { ready: [], passed: [event] };
          }
        }
      }
      passed.push(event);
      if (key !== undefined) waiting.add(key);
    }
    for (const [name, error] of failures) {
      const of = passed.filter((event) => `${event.event} ${event.schemaText}` === name);
      await this.#refused(of, describeError(error));
    }
    return { ready, passed };
  }

  /** Numbers events, in a separate transaction. */
  async #number(found: WithSchemas<Aimed>['ready']): Promise<readonly ReadyEvent[]> {
    const ids = found.map(({ event }) => event.id);
    const upTo = await readPublishedUpTo(this.#settings, this.#topic, ids);
    return inTransaction(this.#settings.pool, async (client) => {
      const { publisher, first } = await takeNumbers(client, found.length);
      const behind = watermarksOf(
        found.map(({ event }) => event),
        upTo,
      );
      const ready = found.map(({ event, schemaId }, i) => {
        const watermarkMs = behind[i] ?? null;
        const numbered: NumberedEvent = { ...event, publisher, sequence: first + i, watermarkMs };
        return { event: numbered, schemaId };
      });
      const given = await setNumbers(
        client,
        ready.map(({ event }) => event),
      );
      return ready.filter(({ event }) => given.has(event.id));
    });
  }

  /** Sends events to their partitions. Each lane runs independently. */
  #sendAll(ready: readonly ReadyEvent[], sentBefore: boolean): void {
    for (const [partition, events] of byTarget(ready)) {
      this.#busy.add(partition);
      void this.#send(partition, events, sentBefore)
        .catch((error: unknown) => {
          this.#laneOf(partition).failed();
          this.#warn(describeError(error));
        })
        .then(() => {
          this.#busy.delete(partition);
          this.#onFree();
        });
    }
  }

  async #send(
    partition: number,
    events: readonly ReadyEvent[],
    sentBefore: boolean,
  ): Promise<void> {
    const { log, pool } = this.#settings;
    const report = await sendEvents(log, events, sentBefore); // 4
    await failpoint('relay:appended');
    await forgetPublished(pool, report.published); // 5
    await takeBack(pool, [...report.notWritten, ...report.refused.map(({ id }) => id)]);
    await this.#learn(partition, report);
  }

  async #learn(partition: number, { refused, failure }: SendReport): Promise<void> {
    for (const { id, error, attempts } of refused) {
      const retryMs = restMs(attempts);
      await setFailure(this.#settings.pool, { ids: [id], error, refused: true, retryMs });
      this.#warn(error);
    }
    if (failure === null) {
      this.#laneOf(partition).succeeded();
      return;
    }
    const retryMs = failure.ofTopic ? this.#rest.failed() : this.#laneOf(partition).failed();
    if (failure.ofTopic) this.#describedAtMs = Number.NEGATIVE_INFINITY;
    const { id, error } = failure;
    await setFailure(this.#settings.pool, { ids: [id], error, refused: false, retryMs });
    this.#warn(error);
  }

  async #topicFailed({ id }: QueuedEvent, cause: unknown): Promise<void> {
    const error = describeError(cause);
    const retryMs = this.#rest.failed();
    this.#describedAtMs = Number.NEGATIVE_INFINITY;
    this.#warn(error);
    await setFailure(this.#settings.pool, { ids: [id], error, refused: false, retryMs });
  }

  async #refused(events: readonly QueuedEvent[], error: string): Promise<void> {
    const [first] = events;
    if (first === undefined) return;
    const retryMs = restMs(first.attempts);
    const ids = events.map(({ id }) => id);
    await setFailure(this.#settings.pool, { ids, error, refused: true, retryMs });
    this.#warn(error);
  }

  #laneOf(partition: number): Rest {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) this.#lanes.set(partition, (lane = new Rest()));
    return lane;
  }

  #warn(reason: string): void {
    this.#settings.logger.warn(
      { topic: this.#topic, reason },
      'publishing from the outbox failed; trying again',
    );
  }
}

/**
 * Computes for each event a lower bound of the times of later events in its partition. `upTo`:
 * lower bound of all events not in `events`. At most the event's own time, because a reader
 * concludes no more from it.
 */
export function watermarksOf(
  events: readonly Pick<Aimed, 'target' | 'timestampMs'>[],
  upTo: number | null,
): readonly (number | null)[] {
  const least = new Map<number, number>();
  const watermarks = new Array<number | null>(events.length).fill(null);
  for (let i = events.length - 1; i >= 0; i -= 1) {
    const { target, timestampMs } = events[i] as Aimed;
    const behind = least.get(target) ?? upTo ?? Number.NEGATIVE_INFINITY;
    if (behind > Number.NEGATIVE_INFINITY) watermarks[i] = Math.min(behind, timestampMs);
    least.set(target, Math.min(behind, timestampMs));
  }
  return watermarks;
}

function byTarget(ready: readonly ReadyEvent[]): ReadonlyMap<number, readonly ReadyEvent[]> {
  const lanes = new Map<number, ReadyEvent[]>();
  for (const each of ready) {
    const { target } = each.event;
    const lane = lanes.get(target);
    if (lane === undefined) lanes.set(target, [each]);
    else lane.push(each);
  }
  return lanes;
}

/** Whether the registry is unavailable, which says nothing about the schema. */
function isPassing(error: unknown): boolean {
  return !isRepriseError(error) || error.retriable || error.code === 'REGISTRY_UNAVAILABLE';
}

function noSuchTopic(topic: string): RepriseError {
  return new RepriseError(
    'UNKNOWN_TOPIC',
    `The log has no ${topic}. Create the topic, or correct its name.`,
    { facts: { topic } },
  );
}
