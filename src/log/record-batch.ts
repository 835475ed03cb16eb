import type { RepriseError } from '../reprise-error.ts';

/** A record header as in Kafka: a UTF-8 name and bytes or null. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** One record of a batch as an object, for readers that are not on a hot path. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  /** The value's bytes; null: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/**
 * Positions of the records of a batch inside `bytes`, one entry per record; arrays may be longer
 * than `count`.
 */
export interface RecordIndex {
  readonly count: number;
  /** Offsets as numbers: checked to be below 2^53 when read. Ascending, with gaps. */
  readonly offsets: Float64Array;
  readonly timestampsMs: Float64Array;
  /** Start of each key in `bytes`; -1: the key is null. */
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  /** Start of each value in `bytes`; -1: the value is null (a tombstone). */
  readonly valueStart: Int32Array;
  /**
   * End of each value, and start of the record's headers: a varint count, then Kafka's header
   * encoding (record batch v2).
   */
  readonly valueEnd: Int32Array;
}

/** The origin and range of a record batch. */
export interface RecordBatchOrigin {
  readonly topic: string;
  readonly partition: number;
  /**
   * Position of the read: records are in `[firstOffset, nextOffset)`, gaps allowed, `count` may be
   * 0.
   */
  readonly firstOffset: number;
  /** The offset at which to resume. */
  readonly nextOffset: number;
  /** Leader epoch of the last record; -1 if the log has none. */
  readonly leaderEpoch: number;
  /** One past the last offset that read_committed may see, when the batch was read. */
  readonly stableEndOffset: number;
  /** True if the broker set the timestamps on append (LogAppendTime), false if the producer did. */
  readonly appendTime: boolean;
  /**
   * Why none of its records can be read: only their offsets are known; keys and values are null
   * without being tombstones. Null or absent: they can be read.
   */
  readonly unreadable?: RepriseError | null;
}

/**
 * A range of one partition as fetched. Keys, values and headers stay in `bytes`; the index holds
 * their positions. Contains only committed data records: no control records, no aborted
 * transactions.
 */
export class RecordBatch implements RecordBatchOrigin, RecordIndex {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly leaderEpoch: number;
  readonly stableEndOffset: number;
  readonly appendTime: boolean;
  readonly unreadable: RepriseError | null;
  readonly bytes: Buffer;
  readonly count: number;
  readonly offsets: Float64Array;
  readonly timestampsMs: Float64Array;
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  readonly valueStart: Int32Array;
  readonly valueEnd: Int32Array;

  constructor(origin: RecordBatchOrigin, bytes: Buffer, index: RecordIndex) {
    this.topic = origin.topic;
    this.partition = origin.partition;
    this.firstOffset = origin.firstOffset;
    this.nextOffset = origin.nextOffset;
    this.leaderEpoch = origin.leaderEpoch;
    this.stableEndOffset = origin.stableEndOffset;
    this.appendTime = origin.appendTime;
    this.unreadable = origin.unreadable ?? null;
    this.bytes = bytes;
    this.count = index.count;
    this.offsets = index.offsets;
    this.timestampsMs = index.timestampsMs;
    this.keyStart = index.keyStart;
    this.keyEnd = index.keyEnd;
    this.valueStart = index.valueStart;
    this.valueEnd = index.valueEnd;
  }
}
