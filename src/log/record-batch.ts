import type { RepriseError } from '../reprise-error.ts';

/** A record header as Kafka has it: a UTF-8 name and bytes or null. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** One record taken out of a batch, for readers that are not in a hurry. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  /** null: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/**
 * Positions of the records of a batch inside `bytes`, one entry per record; arrays may be longer
 * than `count`.
 */
export interface RecordIndex {
  readonly count: number;
  /** Offsets as numbers: proven below 2^53 where they are read. Ascending, with holes. */
  readonly offsets: Float64Array;
  readonly timestampsMs: Float64Array;
  /** -1: the key is null. */
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  /** -1: the value is null (a tombstone). */
  readonly valueStart: Int32Array;
  /**
   * Also where the record's headers begin: a varint count, then Kafka's header encoding (record
   * batch v2).
   */
  readonly valueEnd: Int32Array;
}

/** Where a record batch came from and how far it reaches. */
export interface RecordBatchOrigin {
  readonly topic: string;
  readonly partition: number;
  /**
   * Where the read stood: records are in `[firstOffset, nextOffset)`, holes allowed, `count` may be
   * 0.
   */
  readonly firstOffset: number;
  /** Where to resume. */
  readonly nextOffset: number;
  /** Leader epoch of the last record; -1 where the log has none. */
  readonly leaderEpoch: number;
  /** One past the last offset that read_committed may see, when the batch was read. */
  readonly stableEndOffset: number;
  /**
   * True when timestamps were set by the broker on append (LogAppendTime), false when they are the
   * producer's own clock.
   */
  readonly appendTime: boolean;
  /**
   * Why none of its records can be read: only their offsets are known, keys and values are null
   * without being tombstones. Null or left out: they can be.
   */
  readonly unreadable?: RepriseError | null;
}

/**
 * A slice of one partition as fetched. Keys, values and headers stay where they are in `bytes`; the
 * index says where. Only committed data records are in the index: control records and aborted
 * transactions are already left out.
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
