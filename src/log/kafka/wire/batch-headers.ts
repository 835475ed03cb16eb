import { crc32c } from '@node-rs/crc32';
import { RepriseError } from '../../../reprise-error.ts';

/** A fetched range of one partition: Kafka batches in `bytes[start, end)`. */
export interface PartitionSlice {
  readonly topic: string;
  readonly partition: number;
  /** Position of the read: earlier records are left out. */
  readonly fetchOffset: number;
  /** End of the read, exclusive; Infinity if it is unbounded. */
  readonly untilOffset: number;
  readonly stableEndOffset: number;
  /** Aborted transactions that overlap the slice, as the fetch response lists them. */
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * An aborted transaction, whose records read_committed must not see, from its first offset to its
 * abort marker.
 */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** A Kafka batch of a slice, as its 61-byte header describes it. */
export interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codec: number;
  readonly appendTime: boolean;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly count: number;
  readonly recordsStart: number;
  readonly recordsEnd: number;
  /** False for control batches and aborted transactions: they only move the position. */
  readonly visible: boolean;
}

const headerBytes = 61;
const lengthPrefixBytes = 12;

/**
 * Returns the complete Kafka batches (record batch v2) of a slice that reach beyond its fetch
 * offset, in order, CRC-32C checked, each marked as visible or not under read_committed. Ends
 * before an incomplete last batch, and at `untilOffset`. Does not read records.
 * @throws CORRUPT_RECORD_BATCH, UNSUPPORTED_RECORD_BATCH
 */
export function batchHeaders(slice: PartitionSlice): BatchHeader[] {
  const headers: BatchHeader[] = [];
  const isAborted = abortedFilter(slice);
  const { bytes } = slice;
  let at = slice.start;
  let seen = 0;
  while (at + 17 <= slice.end) {
    const magic = bytes.readInt8(at + 16);
    if (magic !== 2) throw unsupported(slice, magic);
    const length = bytes.readInt32BE(at + 8);
    if (length < headerBytes - lengthPrefixBytes)
      throw corrupt(slice, at, 'its length is too small');
    const end = at + lengthPrefixBytes + length;
    if (end > slice.end) break;
    seen += 1;
    const header = readHeader(slice, at, end);
    const { lastOffset } = header;
    const attributes = bytes.readInt16BE(at + 21);
    const visible = !isAborted(header, at, attributes) && (attributes & 0x20) === 0;
    if (lastOffset >= slice.fetchOffset) headers.push(visible ? header : { ...header, visible });
    at = end;
    if (lastOffset + 1 >= slice.untilOffset) break;
  }
  // Since Fetch v3 the first batch is always complete, however large: requesting an incomplete one
  // again would never end.
  if (seen === 0 && slice.end > slice.start) throw corrupt(slice, slice.start, 'it is cut off');
  return headers;
}

function readHeader(slice: PartitionSlice, at: number, end: number): BatchHeader {
  const { bytes } = slice;
  if (crc32c(bytes.subarray(at + 21, end)) !== bytes.readUInt32BE(at + 17)) {
    throw corrupt(slice, at, 'its CRC-32C does not match');
  }
  const attributes = bytes.readInt16BE(at + 21);
  const baseOffset = readInt64(bytes, at);
  const lastOffset = baseOffset + bytes.readInt32BE(at + 23);
  if (!(baseOffset >= 0 && lastOffset >= baseOffset && lastOffset < Number.MAX_SAFE_INTEGER)) {
    throw corrupt(slice, at, 'its offsets are out of range');
  }
  return {
    baseOffset,
    lastOffset,
    leaderEpoch: bytes.readInt32BE(at + 12),
    codec: attributes & 0x07,
    appendTime: (attributes & 0x08) !== 0,
    baseTimestampMs: readInt64(bytes, at + 27),
    maxTimestampMs: readInt64(bytes, at + 35),
    count: bytes.readInt32BE(at + 57),
    recordsStart: at + headerBytes,
    recordsEnd: end,
    visible: true,
  };
}

/**
 * Returns a function that tells, for each batch in order, whether an aborted transaction wrote it:
 * a transaction is open from its first offset until its producer's abort marker (as Java's
 * `CompletedFetch`).
 */
function abortedFilter(
  slice: PartitionSlice,
): (header: BatchHeader, at: number, attributes: number) => boolean {
  if (slice.aborted.length === 0) return () => false;
  const pending = [...slice.aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<number>();
  let next = 0;
  return (header, at, attributes) => {
    for (let head = pending[next]; head !== undefined; head = pending[next]) {
      if (head.firstOffset > header.lastOffset) break;
      open.add(head.producerId);
      next += 1;
    }
    const producerId = readInt64(slice.bytes, at + 43);
    if ((attributes & 0x20) !== 0) {
      if (isAbortMarker(slice.bytes, header)) open.delete(producerId);
      return false;
    }
    return (attributes & 0x10) !== 0 && open.has(producerId);
  };
}

/**
 * True for an abort marker. A control record's key is (version int16, type int16); type 0 is ABORT.
 * Its varints before the key are: length, …, key length 4.
 */
function isAbortMarker(bytes: Buffer, header: BatchHeader): boolean {
  let at = header.recordsStart;
  at = afterVarint(bytes, at) + 1; // length, attributes
  at = afterVarint(bytes, afterVarint(bytes, at)); // timestamp delta, offset delta
  at = afterVarint(bytes, at); // key length
  return at + 4 <= header.recordsEnd && bytes.readInt16BE(at + 2) === 0;
}

function afterVarint(bytes: Buffer, from: number): number {
  let at = from;
  while ((bytes[at] ?? 0) >= 0x80) at += 1;
  return at + 1;
}

/** Reads an int64 as a number: exact up to 2^53. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4);
}

function unsupported(slice: PartitionSlice, magic: number): RepriseError {
  const { topic, partition, fetchOffset } = slice;
  return new RepriseError(
    'UNSUPPORTED_RECORD_BATCH',
    `${topic}[${partition}]@${fetchOffset} has message format ${magic}; only record batches of version 2 (Kafka 0.11 and later) are read. Copy the topic with a newer producer.`,
    { facts: { topic, partition, offset: fetchOffset, magic } },
  );
}

function corrupt(slice: PartitionSlice, at: number, reason: string): RepriseError {
  const readable = at + 8 <= slice.end;
  return corruptBatch(slice, readable ? readInt64(slice.bytes, at) : slice.fetchOffset, reason);
}

/** Creates the error CORRUPT_RECORD_BATCH for a malformed batch at `offset`. */
export function corruptBatch(slice: PartitionSlice, offset: number, reason: string): RepriseError {
  const { topic, partition } = slice;
  return new RepriseError(
    'CORRUPT_RECORD_BATCH',
    `The record batch ${topic}[${partition}]@${offset} is corrupt: ${reason}. Check the broker's disk and replicas; nothing was skipped.`,
    { facts: { topic, partition, offset } },
  );
}
