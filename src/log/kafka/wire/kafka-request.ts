import type { TopicSpec } from '../../event-log.ts';
import { WireReader, WireWriter } from './wire.ts';

/**
 * A request of Kafka's protocol and the decoder of its response. Source:
 * https://kafka.apache.org/protocol
 */
export interface KafkaRequest<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: Buffer;
  readonly decode: (payload: Buffer) => T;
}

/** Metadata of the cluster and of the requested topics. */
export interface ClusterMetadata {
  /** Assigned when the cluster's storage was formatted; empty if the broker does not send it. */
  readonly clusterId: string;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
  }[];
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

/** A topic with the leaders of its partitions; `errorCode` is Kafka's, 0 for none. */
export interface TopicMetadata {
  readonly errorCode: number;
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: readonly {
    readonly errorCode: number;
    readonly partition: number;
    /** Node id; -1: there is none now. */
    readonly leader: number;
    readonly leaderEpoch: number;
  }[];
}

/** Creates a Metadata v10 request: the first version with topic ids (KIP-516, Kafka 2.8). */
export function metadataRequest(topics: readonly string[]): KafkaRequest<ClusterMetadata> {
  // Flexible versions: the request header (v2) ends with tagged fields, which kafkajs's header
  // lacks. The same holds for the response (v1).
  const writer = new WireWriter().tags();
  const noId = Buffer.alloc(16);
  writer.compactArray(topics, (topic) => writer.raw(noId).compactString(topic).tags());
  writer.boolean(false).boolean(false).boolean(false).tags();
  return {
    apiKey: 3,
    apiVersion: 10,
    apiName: 'Metadata',
    body: writer.finish(),
    decode: decodeMetadata,
  };
}

function decodeMetadata(payload: Buffer): ClusterMetadata {
  const reader = new WireReader(payload);
  reader.tags();
  reader.int32(); // throttle time: handled by kafkajs
  const brokers = reader.compactArray(() => {
    const broker = {
      nodeId: reader.int32(),
      host: reader.compactString() ?? '',
      port: reader.int32(),
    };
    reader.compactString(); // rack
    reader.tags();
    return broker;
  });
  const clusterId = reader.compactString() ?? '';
  const controllerId = reader.int32();
  const topics = reader.compactArray(() => {
    const errorCode = reader.int16();
    const topic = reader.compactString() ?? '';
    const topicId = reader.uuid();
    reader.int8(); // is internal
    const partitions = reader.compactArray(() => decodePartition(reader));
    reader.int32(); // authorized operations
    reader.tags();
    return { errorCode, topic, topicId, partitions };
  });
  return { clusterId, brokers, controllerId, topics };
}

function decodePartition(reader: WireReader): TopicMetadata['partitions'][number] {
  const partition = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leader: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  // Replicas, in sync, offline.
  for (let list = 0; list < 3; list += 1) reader.compactArray(() => reader.int32());
  reader.tags();
  return partition;
}

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The earliest or latest offset of a partition; `errorCode` is Kafka's, 0 for none. */
export interface ListedOffset extends TopicPartition {
  readonly errorCode: number;
  readonly offset: bigint;
}

/** Creates a ListOffsets v2 request under read_committed: `latest` is the last stable offset. */
export function listOffsetsRequest(
  partitions: readonly TopicPartition[],
  which: 'earliest' | 'latest',
): KafkaRequest<readonly ListedOffset[]> {
  const writer = new WireWriter().int32(-1).int8(1);
  const timestamp = which === 'earliest' ? -2n : -1n;
  writeByTopic(writer, partitions, ({ partition }) => writer.int32(partition).int64(timestamp));
  return {
    apiKey: 2,
    apiVersion: 2,
    apiName: 'ListOffsets',
    body: writer.finish(),
    decode: (payload) => {
      const reader = new WireReader(payload);
      reader.int32(); // throttle time
      return readByTopic(reader, (topic) => {
        const partition = reader.int32();
        const errorCode = reader.int16();
        reader.int64(); // timestamp
        return { topic, partition, errorCode, offset: reader.int64() };
      });
    },
  };
}

/** One past the last offset of a leader epoch; -1 for both if the broker knows none. */
export interface EpochEnd extends TopicPartition {
  readonly errorCode: number;
  readonly leaderEpoch: number;
  readonly endOffset: bigint;
}

/**
 * Creates an OffsetForLeaderEpoch v3 request (KIP-101, KIP-320): where the records of a leader
 * epoch end. Refused by a broker that is not the leader in `currentLeaderEpoch`.
 */
export function leaderEpochEndRequest(
  wanted: readonly (TopicPartition & {
    readonly leaderEpoch: number;
    readonly currentLeaderEpoch: number;
  })[],
): KafkaRequest<readonly EpochEnd[]> {
  const writer = new WireWriter().int32(-1);
  writeByTopic(writer, wanted, ({ partition, currentLeaderEpoch, leaderEpoch }) =>
    writer.int32(partition).int32(currentLeaderEpoch).int32(leaderEpoch),
  );
  return {
    apiKey: 23,
    apiVersion: 3,
    apiName: 'OffsetForLeaderEpoch',
    body: writer.finish(),
    decode: (payload) => {
      const reader = new WireReader(payload);
      reader.int32(); // throttle time
      return readByTopic(reader, (topic) => ({
        topic,
        errorCode: reader.int16(),
        partition: reader.int32(),
        leaderEpoch: reader.int32(),
        endOffset: reader.int64(),
      }));
    },
  };
}

/** The result for one topic of a CreateTopics request; `errorCode` is Kafka's, 0 for none. */
export interface CreatedTopic {
  readonly topic: string;
  readonly errorCode: number;
  readonly reason: string | null;
}

/** KIP-464: the broker's `default.replication.factor`. */
const BROKER_DEFAULT = -1;
/**
 * Retention of topics: a log that deletes records cannot be replayed, and Kafka's default is one
 * week.
 */
const KEPT_FOR_EVER = { 'retention.ms': '-1', 'retention.bytes': '-1' };

/** Creates a CreateTopics v4 request. `timeoutMs`: timeout of the controller. */
export function createTopicsRequest(
  topics: readonly TopicSpec[],
  timeoutMs: number,
): KafkaRequest<readonly CreatedTopic[]> {
  const writer = new WireWriter();
  writer.array(topics, (spec) => {
    writer
      .string(spec.topic)
      .int32(spec.partitions)
      .int16(spec.replicationFactor ?? BROKER_DEFAULT)
      .int32(0);
    writer.array(Object.entries({ ...KEPT_FOR_EVER, ...spec.config }), ([key, value]) =>
      writer.string(key).string(value),
    );
  });
  writer.int32(timeoutMs).boolean(false);
  return {
    apiKey: 19,
    apiVersion: 4,
    apiName: 'CreateTopics',
    body: writer.finish(),
    decode: (payload) => {
      const reader = new WireReader(payload);
      reader.int32(); // throttle time
      return reader.array(() => ({
        topic: reader.string() ?? '',
        errorCode: reader.int16(),
        reason: reader.string(),
      }));
    },
  };
}

/** Writes partitions grouped by topic, as Kafka nests them; keeps the order of first appearance. */
export function writeByTopic<T extends TopicPartition>(
  writer: WireWriter,
  partitions: readonly T[],
  write: (partition: T) => void,
): void {
  const byTopic = new Map<string, T[]>();
  for (const partition of partitions) {
    const same = byTopic.get(partition.topic);
    if (same === undefined) byTopic.set(partition.topic, [partition]);
    else same.push(partition);
  }
  writer.array([...byTopic], ([topic, same]) => writer.string(topic).array(same, write));
}

/** Reads partitions that Kafka nests by topic. */
export function readByTopic<T>(reader: WireReader, read: (topic: string) => T): T[] {
  return reader
    .array(() => {
      const topic = reader.string() ?? '';
      return reader.array(() => read(topic));
    })
    .flat();
}
