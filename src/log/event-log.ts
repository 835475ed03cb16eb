import type { RecordBatch, RecordHeader } from './record-batch.ts';

/** Description of one partition. */
export interface PartitionDescription {
  readonly partition: number;
  /** First offset that has not been deleted. */
  readonly startOffset: bigint;
  /** One past the last offset that read_committed may see (Kafka: the last stable offset). */
  readonly stableEndOffset: bigint;
  /** Current leader epoch; -1 if the log has none. */
  readonly leaderEpoch: number;
}

/** Description of one topic. `topicId` changes when a topic is deleted and created again. */
export interface TopicDescription {
  readonly topic: string;
  readonly topicId: string;
  /** The partitions, ascending from 0, without gaps. */
  readonly partitions: readonly PartitionDescription[];
}

/** The offset of a record that was read, and the epoch of the leader that wrote it. */
export interface LogTail {
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

/** Where to start reading a partition and, for bounded reads, where to end. */
export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /**
   * The last record or marker read before `offset`. If the log no longer has it under that leader
   * epoch, it was truncated below `offset`, and the read fails.
   */
  readonly after?: LogTail;
  /**
   * End of the read, exclusive: it ends once the position reaches this. Undefined: it never ends.
   */
  readonly untilOffset?: bigint;
}

/** Options of `EventLog.read`. */
export interface ReadOptions {
  /** Ends the stream without an error: the iteration returns. */
  readonly signal?: AbortSignal;
  /**
   * Maximum time that one fetch waits for data. Default 500. New records are always delivered at
   * once.
   */
  readonly maxWaitMs?: number;
  /**
   * Maximum bytes per partition and fetch before decompression. Default: the adapter's choice, a
   * few MiB. A larger single record is still delivered.
   */
  readonly partitionBytesMax?: number;
  /**
   * True: bytes and index of a batch are valid only until the next batch is requested; copy what
   * you keep longer. Avoids most allocations of a fast reader; an adapter without reusable memory
   * ignores it. Default false: a batch stays valid.
   */
  readonly reusesMemory?: boolean;
}

/**
 * A record to append. `partition` undefined: murmur2 of the key as in Kafka's Java client; round
 * robin without key.
 */
export interface AppendRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since the epoch. Default: the current time. */
  readonly timestampMs?: number;
  readonly headers?: readonly RecordHeader[];
}

/** Options of `EventLog.append`. */
export interface AppendOptions {
  /**
   * If a record is refused, later records of the same call with the same partition and key are not
   * appended either, so that they never overtake it. Default false.
   */
  readonly inKeyOrder?: boolean;
}

/** The position of an appended record. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A topic to create. */
export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** Kafka only. Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number;
  /**
   * Kafka only: topic settings, e.g. `cleanup.policy`. Records are kept forever unless
   * `retention.ms` or `retention.bytes` is set.
   */
  readonly config?: Readonly<Record<string, string>>;
}

/** The end of the leader epoch of record `lastOffset`: Kafka's OffsetForLeaderEpoch (KIP-101). */
export interface LeaderEpochEnd {
  readonly leaderEpoch: number;
  readonly endOffset: bigint;
}

/**
 * The port to an immutable, partitioned log. Adapters: `kafka`, `postgres`. Both run the contract
 * suite in `testing/`.
 * @example
 * const positions = [{ topic: 'user-actions', partition: 0, offset: 0n, untilOffset: 100n }];
 * for await (const batch of app.log.read(positions)) {
 *   for (let i = 0; i < batch.count; i += 1) console.log(recordAt(batch, i).value);
 * }
 */
export interface EventLog {
  readonly kind: 'kafka' | 'postgres';

  /**
   * Returns the identity of the log: Kafka's cluster id, or `postgres` for the log in the database
   * itself. @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED
   */
  identity(): Promise<string>;

  /** Returns topic ids, start and stable end offsets. @throws UNKNOWN_TOPIC, LOG_UNAVAILABLE */
  describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;

  /**
   * Reads the given partitions as one stream of record batches: committed records only, in offset
   * order within a partition, partitions interleaved fairly. Manual assignment, no group.
   * Back-pressure: while the consumer of the stream is busy, at most one fetch per broker is
   * prefetched. A batch may be empty (`count` 0) if only the position moved. Ends when every
   * position has reached its `untilOffset`, or on `signal`. Leader changes, broken connections and
   * throttling are retried internally, without limit, with backoff.
   * @throws OFFSET_OUT_OF_RANGE (offsets are never reset; also if records that were read have been
   * replaced), UNKNOWN_TOPIC, CORRUPT_RECORD_BATCH
   */
  read(positions: readonly ReadPosition[], options?: ReadOptions): AsyncIterable<RecordBatch>;

  /**
   * Appends records; resolves when all are acknowledged (Kafka: acks=all, idempotent). The result
   * at `i` is the position of `records[i]`. Order within a partition is the order given. Use the
   * publisher for batching.
   * @throws APPEND_FAILED, UNKNOWN_TOPIC
   */
  append(records: readonly AppendRecord[], options?: AppendOptions): Promise<readonly Position[]>;

  /**
   * Creates the topics that do not exist; does not change existing ones. @throws PARTITIONS_CHANGED
   * if one exists with another partition count
   */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;

  /**
   * Returns the end offset of a leader epoch; null if the log has no leader epochs (postgres). Used
   * to detect truncation.
   */
  leaderEpochEnd(
    topic: string,
    partition: number,
    leaderEpoch: number,
  ): Promise<LeaderEpochEnd | null>;

  /**
   * Publishes a reader's offsets for the log's own tools (Kafka: committed offsets of a consumer
   * group named after the reader). For display only: they are never read back. Undefined if the log
   * has no such tools, or the option is off. @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED
   */
  readonly showOffsets?: (reader: string, nextOffsets: readonly Position[]) => Promise<void>;

  /**
   * Refuses topics whose records hold ids of another schema registry. Undefined: log and registry
   * cannot be separated, or the registry checks its ids itself. `read` and `append` call it
   * themselves. @throws REGISTRY_MISMATCH, LOG_UNAVAILABLE
   */
  readonly assertRegistry?: (topics: readonly string[]) => Promise<void>;

  /** Ends streams, flushes appends, closes connections. Idempotent. */
  close(): Promise<void>;
}
