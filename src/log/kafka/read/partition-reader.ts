import { EventQueue } from '../../../concurrency/event-queue.ts';
import { onAbort } from '../../../concurrency/on-abort.ts';
import { pause } from '../../../concurrency/pause.ts';
import { RepriseError } from '../../../reprise-error.ts';
import type { RecordBatch } from '../../record-batch.ts';
import { backOff } from '../connection/back-off.ts';
import { brokerError, definite, unknownTopic } from '../connection/broker-error.ts';
import type { KafkaConnections } from '../connection/kafka-connections.ts';
import type { KafkaLogEntry } from '../connection/kafka-log-config.ts';
import type { KafkaTopics } from '../connection/kafka-topics.ts';
import { type BatchHeader, batchHeaders, type PartitionSlice } from '../wire/batch-headers.ts';
import { decodeSlice } from '../wire/decode-slice.ts';
import type { Decompress } from '../wire/decompress.ts';
import {
  type FetchedPartition,
  type FetchPartition,
  type FetchResponse,
  type FetchSettings,
  fetchRequest,
} from '../wire/fetch-request.ts';
import { metadataRequest } from '../wire/kafka-request.ts';
import { assertTails, type LocatedPartition } from './assert-tails.ts';
import { isDone, outOfRange, type PartitionState } from './partition-state.ts';
import type { ReaderMemory } from './reader-memory.ts';

/** Dependencies of a reader. It owns `connections` and closes them. */
export interface ReaderParts {
  readonly connections: KafkaConnections;
  readonly topics: KafkaTopics;
  readonly decompress: Decompress;
  /**
   * Memory of the responses of `connections`, reused after each batch; null: batches stay valid.
   */
  readonly memory: ReaderMemory | null;
  readonly settings: FetchSettings;
  readonly signal: AbortSignal;
  readonly logger: (entry: KafkaLogEntry) => void;
}

/**
 * A slice whose position is already taken over. It is decoded when the consumer requests its
 * records.
 */
interface TakenSlice {
  readonly slice: PartitionSlice;
  readonly headers: readonly BatchHeader[];
}

type Event =
  | {
      readonly kind: 'fetched';
      readonly node: number;
      readonly asked: readonly FetchPartition[];
      readonly response: FetchResponse;
    }
  | { readonly kind: 'failed'; readonly node: number; readonly error: unknown }
  | { readonly kind: 'located'; readonly error: unknown }
  | { readonly kind: 'aborted' };

/**
 * Number of consecutive answers "unknown topic" before the topic counts as unknown: it takes a
 * moment until every broker knows a new topic.
 */
const unknownTopicAttempts = 8;

/**
 * Reads partitions as one stream.
 *
 * A partition is either located (its leader is known) or not. A node that leads some has at most
 * one fetch in flight. Steps of the loop: 1 look up missing leaders, after a backoff if the last
 * attempt failed, and check that new leaders have the records read last; 2 send a fetch to every
 * node that has none in flight; 3 wait for the first answer; 4 advance positions from the batch
 * headers alone, and send that node's next fetch before 5 the consumer gets the records: so at most
 * one response per node is prefetched. A partition whose leader is gone, moved or fenced returns to
 * 1. Only the errors in `@throws` of `EventLog.read` end the loop.
 *
 * Not a generator: a waiting generator keeps its last values, here a response of many megabytes,
 * until new records arrive.
 */
export class PartitionReader {
  readonly #parts: ReaderParts;
  readonly #states: readonly PartitionState[];
  /** Answers, in order of arrival. */
  readonly #events = new EventQueue<Event>();
  /** Nodes with a request in flight; -1: the look-up of leaders. */
  readonly #underWay = new Set<number>();
  /** Slices of the current response that are not decoded yet. */
  #taken: TakenSlice[] = [];
  #response: FetchResponse | null = null;
  /** The slice that is being decoded, and its batches. */
  #slice: PartitionSlice | null = null;
  #batches: Iterator<RecordBatch, void> | null = null;
  /** The batch that the consumer has. */
  #given: RecordBatch | null = null;
  #stopListening: (() => void) | null = null;
  #rotation = 0;
  #failures = 0;
  #unknownInARow = 0;

  constructor(parts: ReaderParts, states: readonly PartitionState[]) {
    this.#parts = parts;
    this.#states = states;
  }

  /**
   * Returns the next batch; undefined if every position is at its end, or the signal aborted. Valid
   * until the next call if memory is reused.
   * @throws OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, CORRUPT_RECORD_BATCH, UNSUPPORTED_RECORD_BATCH,
   * LOG_UNAUTHORIZED
   */
  async next(): Promise<RecordBatch | undefined> {
    const { signal } = this.#parts;
    this.#stopListening ??= onAbort(signal, () => this.#events.push({ kind: 'aborted' }));
    while (!signal.aborted) {
      const batch = this.#nextTaken(); // 5
      if (batch !== null) return batch;
      if (this.#states.every(isDone)) return undefined;
      if (this.#states.some((state) => state.leader < 0 && !isDone(state))) this.#locate(); // 1
      for (const node of this.#nodes()) this.#fetch(node, 0); // 2
      await this.#receive();
    }
    return undefined;
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    this.#stopListening?.();
    this.#given = null;
    this.#batches = null;
    this.#taken = [];
    await this.#parts.connections.close();
  }

  async #receive(): Promise<void> {
    const event = await this.#events.next(); // 3
    if (this.#parts.signal.aborted) return;
    this.#taken = [...(await this.#handle(event))];
    this.#response = event.kind === 'fetched' ? event.response : null;
  }

  /**
   * Returns the next batch of the current response; null if there is none, and then keeps nothing
   * of the response.
   */
  #nextTaken(): RecordBatch | null {
    const { decompress, memory } = this.#parts;
    const allocate = memory === null ? undefined : (size: number) => memory.take(size);
    this.#giveBack();
    for (;;) {
      const found = this.#batches?.next();
      if (found !== undefined && found.done !== true) {
        this.#given = found.value;
        return found.value;
      }
      const taken = this.#taken.shift();
      if (taken === undefined) break;
      this.#slice = taken.slice;
      this.#batches = decodeSlice(taken.slice, decompress, taken.headers, allocate);
    }
    if (this.#response !== null) memory?.give(this.#response.bytes);
    this.#response = null;
    this.#slice = null;
    this.#batches = null;
    return null;
  }

  /** Returns the memory of the last batch: the consumer has requested the next one. */
  #giveBack(): void {
    const { memory } = this.#parts;
    const given = this.#given;
    this.#given = null;
    if (given === null || memory === null) return;
    if (given.bytes !== this.#slice?.bytes) memory.give(given.bytes);
    memory.give(given.offsets);
  }

  async #handle(event: Event): Promise<readonly TakenSlice[]> {
    if (event.kind === 'aborted') return [];
    if (event.kind === 'fetched') {
      this.#underWay.delete(event.node);
      const taken = await this.#take(event.response, event.asked);
      this.#fetch(event.node, event.response.throttleMs); // 4
      return taken;
    }
    this.#underWay.delete(event.kind === 'failed' ? event.node : -1);
    if (event.kind === 'failed') {
      this.#failed(event.error);
      for (const state of this.#states) if (state.leader === event.node) state.leader = -1;
    } else if (event.error !== undefined) {
      this.#failed(event.error);
    }
    return [];
  }

  /** Takes over the response for each partition; drops answers to outdated requests. */
  async #take(
    response: FetchResponse,
    asked: readonly FetchPartition[],
  ): Promise<readonly TakenSlice[]> {
    const taken: TakenSlice[] = [];
    for (const fetched of response.partitions) {
      const state = this.#states.find(
        ({ topic, partition }) => topic === fetched.topic && partition === fetched.partition,
      );
      const question = asked.find(
        (a) => a.topic === fetched.topic && a.partition === fetched.partition,
      );
      if (state === undefined || question?.fetchOffset !== state.position || isDone(state))
        continue;
      if (fetched.errorCode !== brokerError.none) {
        await this.#refused(state, fetched.errorCode);
        continue;
      }
      this.#failures = 0;
      const slice = sliceOf(response, fetched, state);
      const headers = batchHeaders(slice);
      const last = headers.at(-1);
      if (last === undefined) continue;
      state.position = Math.min(last.lastOffset + 1, state.untilOffset);
      state.lastOffset = last.lastOffset;
      state.lastLeaderEpoch = last.leaderEpoch;
      taken.push({ slice, headers });
    }
    return taken;
  }

  async #refused(state: PartitionState, errorCode: number): Promise<void> {
    const error = definite(errorCode, state);
    if (error !== undefined) throw error;
    if (errorCode === brokerError.offsetOutOfRange) await this.#confirmOutOfRange(state);
    const { topic, partition } = state;
    this.#failed(new Error(`${topic}[${partition}] answered with error ${errorCode}`));
    state.leader = -1;
  }

  /**
   * Checks an out-of-range answer against the described log, because a new leader may briefly lag
   * behind.
   */
  async #confirmOutOfRange(state: PartitionState): Promise<void> {
    const described = await this.#parts.topics.describe([state.topic]).catch((error: unknown) => {
      if (error instanceof RepriseError && error.retriable) return undefined;
      throw error;
    });
    const log = described?.get(state.topic)?.partitions[state.partition];
    if (log === undefined) return;
    const position = BigInt(state.position);
    if (position < log.startOffset || position > log.stableEndOffset) throw outOfRange(state, log);
  }

  /**
   * Sends a fetch for the partitions that a node leads, unless one is in flight. The order rotates,
   * so that a full response does not starve a partition.
   */
  #fetch(node: number, throttleMs: number): void {
    if (this.#underWay.has(node)) return;
    const led = this.#states.filter((state) => state.leader === node && !isDone(state));
    if (led.length === 0) return;
    this.#rotation += 1;
    const from = this.#rotation % led.length;
    const asked: FetchPartition[] = [...led.slice(from), ...led.slice(0, from)].map((state) => ({
      topic: state.topic,
      partition: state.partition,
      fetchOffset: state.position,
      leaderEpoch: state.leaderEpoch,
    }));
    const { connections, settings, signal } = this.#parts;
    const ask = async (): Promise<Event> => {
      try {
        if (throttleMs > 0) await pause(throttleMs, signal);
        const response = await connections.sendTo(node, fetchRequest(asked, settings));
        if (response.errorCode !== brokerError.none) {
          throw new Error(`the fetch was answered with error ${response.errorCode}`);
        }
        return { kind: 'fetched', node, asked, response };
      } catch (error) {
        return { kind: 'failed', node, error };
      }
    };
    this.#await(node, ask());
  }

  #await(node: number, answer: Promise<Event>): void {
    this.#underWay.add(node);
    void answer.then((event) => this.#events.push(event));
  }

  #locate(): void {
    if (this.#underWay.has(-1)) return;
    const attempt = this.#failures;
    const ask = async (): Promise<Event> => {
      if (attempt > 0) await backOff(attempt - 1, this.#parts.signal);
      try {
        await this.#lookUpLeaders();
        return { kind: 'located', error: undefined };
      } catch (error) {
        return { kind: 'located', error };
      }
    };
    this.#await(-1, ask());
  }

  async #lookUpLeaders(): Promise<void> {
    const lost = this.#states.filter((state) => state.leader < 0 && !isDone(state));
    const names = [...new Set(this.#states.map(({ topic }) => topic))];
    const metadata = await this.#parts.connections.sendToAny(metadataRequest(names));
    this.#parts.connections.learn(metadata);
    const located: LocatedPartition[] = [];
    for (const state of lost) {
      const topic = metadata.topics.find((candidate) => candidate.topic === state.topic);
      const found = topic?.partitions.find(({ partition }) => partition === state.partition);
      const error = definite(topic?.errorCode ?? 0, state);
      if (error !== undefined) throw error;
      if (found === undefined) {
        this.#unknownInARow += 1;
        if (this.#unknownInARow >= unknownTopicAttempts) {
          throw unknownTopic(state.topic, topic?.errorCode === 0 ? state.partition : undefined);
        }
        throw new Error(`${state.topic}[${state.partition}] is not known yet`);
      }
      if (found.leader < 0) throw new Error(`${state.topic}[${state.partition}] has no leader`);
      located.push({ state, leader: found.leader, leaderEpoch: found.leaderEpoch });
    }
    this.#unknownInARow = 0;
    await assertTails(this.#parts.connections, located);
    for (const { state, leader, leaderEpoch } of located) {
      state.leader = leader;
      state.leaderEpoch = leaderEpoch;
    }
  }

  #nodes(): ReadonlySet<number> {
    return new Set(this.#states.filter((s) => s.leader >= 0 && !isDone(s)).map((s) => s.leader));
  }

  /** Counts a failure for the backoff. @throws the error itself if a retry cannot help */
  #failed(error: unknown): void {
    if (error instanceof RepriseError && !error.retriable) throw error;
    this.#failures += 1;
    this.#parts.logger({
      level: 'warn',
      message: 'reading from Kafka failed, trying again',
      facts: { reason: error instanceof Error ? error.message : String(error) },
    });
  }
}

function sliceOf(
  response: FetchResponse,
  fetched: FetchedPartition,
  state: PartitionState,
): PartitionSlice {
  return {
    topic: state.topic,
    partition: state.partition,
    fetchOffset: state.position,
    untilOffset: state.untilOffset,
    stableEndOffset: fetched.stableEndOffset,
    aborted: fetched.aborted,
    bytes: response.bytes,
    start: fetched.start,
    end: fetched.end,
  };
}
