import type { RecordBatch, RecordHeader } from './record-batch.ts';

/** What a log says of one partition. */
export interface PartitionDescription {
  readonly partition: number;
  /** First offset still there. */
  readonly startOffset: bigint;
  /** One past the last offset that read_committed may see (Kafka: the last stable offset). */
  readonly stableEndOffset: bigint;
  /** Current leader epoch; -1 where the log has none. */
  readonly leaderEpoch: number;
}

/** What a log says of one topic. `topicId` changes when a topic is deleted and created again. */
export interface TopicDescription {
  readonly topic: string;
  readonly topicId: string;
  /** Ascending by partition, from 0, without gaps. */
  readonly partitions: readonly PartitionDescription[];
}

/** An offset that was read, and the epoch of the leader that wrote it. */
export interface LogTail {
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

/** Where to start reading a partition and, for bounded reads, where to stop. */
export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /**
   * The record or marker before `offset` as it was read: a log that no longer has it under that
   * leader epoch was cut off below, and is not read on.
   */
  readonly after?: LogTail;
  /**
   * Exclusive. The partition's reading ends once its position reaches this; undefined: goes on for
   * ever.
   */
  readonly untilOffset?: bigint;
}

/** How to read. */
export interface ReadOptions {
  /** Ends the stream quietly: the iteration returns, nothing is thrown. */
  readonly signal?: AbortSignal;
  /**
   * How long one fetch may wait for data. Default 500. New records are delivered at once, whatever
   * this is.
   */
  readonly maxWaitMs?: number;
  /**
   * Upper bound of bytes per partition and fetch before decompression. Default: the adapter's
   * choice, a few MiB; a larger single record is still delivered.
   */
  readonly partitionBytesMax?: number;
  /**
   * The bytes and the index of a batch hold only until the next batch is asked for; what is kept
   * longer is copied. Saves a log that is read fast most of its allocations; an adapter without
   * such memory takes no notice. Default false: a batch is the reader's for good.
   */
  readonly reusesMemory?: boolean;
}

/**
 * A record to append. `partition` undefined: murmur2 of the key as in Kafka's Java client, round
 * robin without key.
 */
export interface AppendRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since the epoch; undefined: now. */
  readonly timestampMs?: number;
  readonly headers?: readonly RecordHeader[];
}

/** How to append. */
export interface AppendOptions {
  /**
   * When a record is refused, those of the same call after it that go to the same partition under
   * the same key are not appended either, so that they never overtake it. Default false.
   */
  readonly inKeyOrder?: boolean;
}

/** Where an appended record landed. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A topic to create. */
export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** Kafka only; default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number;
  /**
   * Kafka only: topic settings, e.g. `cleanup.policy`. Records are kept for ever unless
   * `retention.ms` or `retention.bytes` say otherwise.
   */
  readonly config?: Readonly<Record<string, string>>;
}

/** Where record `lastOffset` of a leader epoch ends: Kafka's OffsetForLeaderEpoch (KIP-101). */
export interface LeaderEpochEnd {
  readonly leaderEpoch: number;
  readonly endOffset: bigint;
}

/**
 * The port to an immutable, partitioned log. Adapters: `kafka`, `postgres`; the contract suite in
 * `testing/` runs on both.
 */
export interface EventLog {
  readonly kind: 'kafka' | 'postgres';

  /**
   * Which log this is: Kafka's cluster id; `postgres` for the log that lives in the database
   * itself. @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED
   */
  identity(): Promise<string>;

  /** Topic ids, start and stable end offsets. @throws UNKNOWN_TOPIC, LOG_UNAVAILABLE */
  describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;

  /**
   * Reads the given partitions as one stream of record batches: committed records only, in offset
   * order within a partition, partitions interleaved fairly. Manual assignment, no group. The next
   * fetch is held back while the consumer of the stream is busy (at most one fetch per broker is
   * kept ready ahead). A batch may be empty (`count` 0) when only the position moved. Ends when
   * every position has reached its `untilOffset`, or on `signal`. Leader changes, broken
   * connections and throttling are retried inside, for ever, with backoff.
   * @throws OFFSET_OUT_OF_RANGE (never reset; also when other records took the place of what was
   * read), UNKNOWN_TOPIC, CORRUPT_RECORD_BATCH
   */
  read(positions: readonly ReadPosition[], options?: ReadOptions): AsyncIterable<RecordBatch>;

  /**
   * Appends records; resolves when all are acknowledged (Kafka: acks=all, idempotent). The result
   * at `i` belongs to `records[i]`. Order within a partition is the order given. Use the publisher
   * for batching.
   * @throws APPEND_FAILED, UNKNOWN_TOPIC
   */
  append(records: readonly AppendRecord[], options?: AppendOptions): Promise<readonly Position[]>;

  /**
   * Creates the topics that do not exist; existing ones are left as they are. @throws
   * PARTITIONS_CHANGED when one exists with another partition count
   */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;

  /**
   * End offset of the given leader epoch, or null where the log has no leader epochs (postgres).
   * Used to detect truncation.
   */
  leaderEpochEnd(
    topic: string,
    partition: number,
    leaderEpoch: number,
  ): Promise<LeaderEpochEnd | null>;

  /**
   * Shows how far a reader has come to the log's own tools (Kafka: the committed offsets of a
   * consumer group named after the reader). For display only: nothing is ever read back. Undefined
   * where the log has no such tools, or was not asked to. @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED
   */
  readonly showOffsets?: (reader: string, nextOffsets: readonly Position[]) => Promise<void>;

  /**
   * Refuses topics whose records hold ids of another schema registry than ours. Undefined: log and
   * registry cannot be taken apart, or the registry looks after its ids itself. `read` and `append`
   * ask by themselves. @throws REGISTRY_MISMATCH, LOG_UNAVAILABLE
   */
  readonly assertRegistry?: (topics: readonly string[]) => Promise<void>;

  /** Ends streams, flushes appends, closes connections. Idempotent. */
  close(): Promise<void>;
}
