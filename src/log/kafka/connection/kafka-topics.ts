import { isRepriseError, RepriseError } from '../../../reprise-error.ts';
import type { LeaderEpochEnd, TopicDescription, TopicSpec } from '../../event-log.ts';
import {
  type ClusterMetadata,
  createTopicsRequest,
  leaderEpochEndRequest,
  listOffsetsRequest,
  metadataRequest,
  type TopicPartition,
} from '../wire/kafka-request.ts';
import { backOff } from './back-off.ts';
import { brokerError, definite, topicForbidden, unknownTopic } from './broker-error.ts';
import type { KafkaConnections } from './kafka-connections.ts';

/** A transient condition (no leader yet, a leader that moved); never leaves the adapter as such. */
class NotYet extends RepriseError {
  constructor(what: string) {
    super('LOG_UNAVAILABLE', `${what}. Kafka may be electing leaders: try again.`, {
      retriable: true,
    });
  }
}

/** Queries and creates topics. Each call retries for `availabilityTimeoutMs` before it fails. */
export class KafkaTopics {
  readonly #connections: KafkaConnections;
  readonly #availabilityTimeoutMs: number;

  constructor(connections: KafkaConnections, availabilityTimeoutMs: number) {
    this.#connections = connections;
    this.#availabilityTimeoutMs = availabilityTimeoutMs;
  }

  /** Describes topics. @throws UNKNOWN_TOPIC, LOG_UNAVAILABLE, LOG_UNAUTHORIZED */
  describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    return this.#persist(async () => {
      const metadata = await this.#metadata(topics);
      const [starts, ends] = await Promise.all([
        this.#offsets(metadata, 'earliest'),
        this.#offsets(metadata, 'latest'),
      ]);
      return new Map(
        metadata.topics.map((topic) => [topic.topic, describeTopic(topic, starts, ends)]),
      );
    });
  }

  /** Returns the id of the cluster. @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED */
  clusterId(): Promise<string> {
    return this.#persist(async () => (await this.#metadata([])).clusterId);
  }

  /**
   * Returns brokers, partitions and leaders; a partition may have no leader now (-1). @throws as
   * describe
   */
  locate(topics: readonly string[]): Promise<ClusterMetadata> {
    return this.#persist(() => this.#existing(topics));
  }

  /** Returns the end of a leader epoch. @throws as describe */
  leaderEpochEnd(partition: TopicPartition, leaderEpoch: number): Promise<LeaderEpochEnd> {
    return this.#persist(async () => {
      const metadata = await this.#metadata([partition.topic]);
      const found = metadata.topics[0]?.partitions.find(
        (candidate) => candidate.partition === partition.partition,
      );
      if (found === undefined) throw unknownTopic(partition.topic, partition.partition);
      const currentLeaderEpoch = found.leaderEpoch;
      const request = leaderEpochEndRequest([{ ...partition, leaderEpoch, currentLeaderEpoch }]);
      const [end] = await this.#connections.sendTo(found.leader, request);
      if (end === undefined || end.errorCode !== brokerError.none) throw refusal(partition, end);
      return { leaderEpoch: end.leaderEpoch, endOffset: end.endOffset };
    });
  }

  /**
   * Creates missing topics and waits until every partition has a leader. @throws
   * PARTITIONS_CHANGED, LOG_UNAVAILABLE, LOG_UNAUTHORIZED, CONFIG_INVALID
   */
  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return;
    await this.#persist(async () => {
      const names = specs.map(({ topic }) => topic);
      const metadata = await this.#connections.sendToAny(metadataRequest(names));
      this.#connections.learn(metadata);
      const missing = specs.filter(({ topic }) => {
        const found = metadata.topics.find((candidate) => candidate.topic === topic);
        return found?.errorCode === brokerError.unknownTopicOrPartition;
      });
      if (missing.length > 0) await this.#create(missing, metadata.controllerId);
    });
    await this.#persist(async () => {
      const { topics } = await this.#metadata(specs.map(({ topic }) => topic)).catch(
        (error: unknown) => {
          // It takes a moment until every broker knows a new topic.
          if (isRepriseError(error, 'UNKNOWN_TOPIC')) throw new NotYet(error.message);
          throw error;
        },
      );
      for (const { topic, partitions } of topics) {
        const spec = specs.find((candidate) => candidate.topic === topic);
        if (spec !== undefined) requirePartitions(spec, partitions.length);
      }
    });
  }

  async #create(missing: readonly TopicSpec[], controllerId: number): Promise<void> {
    const request = createTopicsRequest(missing, 10_000);
    for (const created of await this.#connections.sendTo(controllerId, request)) {
      const { errorCode, topic, reason } = created;
      if (errorCode === brokerError.none || errorCode === brokerError.topicAlreadyExists) continue;
      if (errorCode === brokerError.topicAuthorizationFailed) throw topicForbidden(topic);
      if (errorCode === brokerError.clusterAuthorizationFailed) throw topicForbidden(topic);
      const transient = [7, 41].includes(errorCode); // timed out, not the controller
      if (transient) throw new NotYet(`Kafka did not create ${topic} in time`);
      throw new RepriseError(
        'CONFIG_INVALID',
        `Kafka refused to create ${topic} (error ${errorCode}: ${reason ?? 'no reason given'}). Correct its name, replication factor or settings.`,
        { facts: { topic, errorCode } },
      );
    }
  }

  /** Returns metadata in which every topic exists. */
  async #existing(topics: readonly string[]): Promise<ClusterMetadata> {
    const metadata = await this.#connections.sendToAny(metadataRequest([...new Set(topics)]));
    this.#connections.learn(metadata);
    for (const { topic, errorCode } of metadata.topics) {
      if (errorCode === brokerError.unknownTopicOrPartition) throw unknownTopic(topic);
      if (errorCode !== brokerError.none) throw refusal({ topic, partition: 0 }, { errorCode });
    }
    return metadata;
  }

  /** Returns metadata in which every topic exists and every partition has a leader. */
  async #metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const metadata = await this.#existing(topics);
    for (const { topic, partitions } of metadata.topics) {
      const orphan = partitions.find(({ leader }) => leader < 0);
      if (orphan !== undefined) throw new NotYet(`${topic}[${orphan.partition}] has no leader`);
    }
    return metadata;
  }

  async #offsets(
    { topics }: ClusterMetadata,
    which: 'earliest' | 'latest',
  ): Promise<ReadonlyMap<string, bigint>> {
    const byLeader = new Map<number, TopicPartition[]>();
    for (const { topic, partitions } of topics) {
      for (const { partition, leader } of partitions) {
        const same = byLeader.get(leader);
        if (same === undefined) byLeader.set(leader, [{ topic, partition }]);
        else same.push({ topic, partition });
      }
    }
    const answers = await Promise.all(
      [...byLeader].map(([leader, partitions]) =>
        this.#connections.sendTo(leader, listOffsetsRequest(partitions, which)),
      ),
    );
    const offsets = new Map<string, bigint>();
    for (const listed of answers.flat()) {
      if (listed.errorCode !== brokerError.none) throw refusal(listed, listed);
      offsets.set(`${listed.topic}[${listed.partition}]`, listed.offset);
    }
    return offsets;
  }

  async #persist<T>(ask: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#availabilityTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        const retriable = error instanceof RepriseError && error.retriable;
        if (!retriable || Date.now() >= deadline) throw error;
      }
      await backOff(attempt);
    }
  }
}

function describeTopic(
  { topic, topicId, partitions }: ClusterMetadata['topics'][number],
  starts: ReadonlyMap<string, bigint>,
  ends: ReadonlyMap<string, bigint>,
): TopicDescription {
  const described = partitions.map(({ partition, leaderEpoch }) => ({
    partition,
    startOffset: starts.get(`${topic}[${partition}]`) ?? 0n,
    stableEndOffset: ends.get(`${topic}[${partition}]`) ?? 0n,
    leaderEpoch,
  }));
  return { topic, topicId, partitions: described.sort((a, b) => a.partition - b.partition) };
}

function refusal(where: TopicPartition, answer: { errorCode: number } | undefined): RepriseError {
  const code = answer?.errorCode ?? -1;
  const { topic, partition } = where;
  return definite(code, where) ?? new NotYet(`${topic}[${partition}] answered with error ${code}`);
}

function requirePartitions({ topic, partitions }: TopicSpec, actual: number): void {
  if (partitions === actual) return;
  throw new RepriseError(
    'PARTITIONS_CHANGED',
    `The topic ${topic} has ${actual} partitions, ${partitions} were asked for. Keys would move between partitions: ask for ${actual}, or use a new topic.`,
    { facts: { topic, actual, wanted: partitions } },
  );
}
