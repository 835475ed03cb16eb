import { unknownTopic } from '../connection/broker-error.ts';
import type { KafkaConnections } from '../connection/kafka-connections.ts';
import type { KafkaTopics } from '../connection/kafka-topics.ts';

/**
 * How long a look-up is valid. Until then keys do not go to a topic's new partitions (Java:
 * `metadata.max.age.ms`).
 */
const trustedMs = 5 * 60_000;

interface Located {
  /** Leader by partition; -1: none now. */
  readonly leaders: readonly number[];
  readonly atMs: number;
}

/** Caches the leaders of topics' partitions. */
export class TopicLeaders {
  readonly #topics: KafkaTopics;
  readonly #connections: KafkaConnections;
  readonly #located = new Map<string, Located>();
  readonly #looking = new Map<string, Promise<void>>();

  /** `connections` get the addresses of each look-up. */
  constructor(topics: KafkaTopics, connections: KafkaConnections) {
    this.#topics = topics;
    this.#connections = connections;
  }

  /** Returns the number of partitions; undefined: the topic must be looked up first. */
  partitionsOf(topic: string): number | undefined {
    return this.#located.get(topic)?.leaders.length;
  }

  /** Returns the leader's node id; -1: there is no leader now, or no such partition. */
  leaderOf(topic: string, partition: number): number {
    return this.#located.get(topic)?.leaders[partition] ?? -1;
  }

  /** True if the partition did not exist at the last look-up. */
  isMissing(topic: string, partition: number): boolean {
    return partition >= (this.partitionsOf(topic) ?? 0);
  }

  /**
   * Looks a topic up again; concurrent callers share one request. @throws UNKNOWN_TOPIC,
   * LOG_UNAVAILABLE, LOG_UNAUTHORIZED
   */
  refresh(topic: string): Promise<void> {
    let looking = this.#looking.get(topic);
    if (looking === undefined) {
      looking = this.#look(topic).finally(() => this.#looking.delete(topic));
      this.#looking.set(topic, looking);
    }
    return looking;
  }

  /** True if the last look-up is too old: look up again, but use it meanwhile. */
  isStale(topic: string): boolean {
    const located = this.#located.get(topic);
    if (located === undefined || this.#looking.has(topic)) return false;
    return Date.now() - located.atMs > trustedMs;
  }

  /**
   * Drops the cached leaders of a topic that may have been recreated: the next append looks it up.
   */
  forget(topic: string): void {
    this.#located.delete(topic);
  }

  async #look(topic: string): Promise<void> {
    const metadata = await this.#topics.locate([topic]);
    this.#connections.learn(metadata);
    const found = metadata.topics.find((candidate) => candidate.topic === topic);
    if (found === undefined) throw unknownTopic(topic);
    const leaders = new Array<number>(found.partitions.length).fill(-1);
    for (const { partition, leader } of found.partitions) leaders[partition] = leader;
    this.#located.set(topic, { leaders, atMs: Date.now() });
  }
}
