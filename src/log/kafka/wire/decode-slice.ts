import { isRepriseError, RepriseError } from '../../../reprise-error.ts';
import { RecordBatch, type RecordIndex } from '../../record-batch.ts';
import {
  type BatchHeader,
  batchHeaders,
  corruptBatch,
  type PartitionSlice,
} from './batch-headers.ts';
import type { Decompress } from './decompress.ts';

/** Uncompressed bytes after which a slice is split into another record batch: 32 MiB. */
const batchBytesTarget = 32 * 1024 * 1024;
/** Maximum number of separate entries for the records of one unreadable Kafka batch. */
const unreadableRecordsMax = 10_000;
/**
 * length, attributes, timestamp delta, offset delta, key length, value length, header count: one
 * byte each.
 */
const recordBytesMin = 7;

// The cursor's state is at module level: monomorphic functions over it decode without creating
// objects (performance.md).
let bytes: Buffer = Buffer.alloc(0);
let position = 0;

/** A view of the records of one Kafka batch inside the bytes of a group. */
interface BatchView {
  readonly header: BatchHeader;
  readonly start: number;
  readonly end: number;
}

/**
 * Decodes a slice into record batches: one, unless uncompressed records are large or the kind of
 * timestamp changes. Without compression, `bytes` is the slice's own buffer; with a compressed
 * Kafka batch it is a new one with the payloads. Pure: no I/O, no clock. A Kafka batch that is too
 * large to uncompress becomes a record batch of its own with unreadable records (BUDGET_EXCEEDED);
 * the reader decides what to do with them. `allocate`: returns memory for the index of a record
 * batch and for uncompressed payloads, not shared between batches. Default: new memory.
 * @throws CORRUPT_RECORD_BATCH, UNSUPPORTED_RECORD_BATCH
 */
export function* decodeSlice(
  slice: PartitionSlice,
  decompress: Decompress,
  headers: readonly BatchHeader[] = batchHeaders(slice),
  allocate: (size: number) => Buffer = Buffer.allocUnsafeSlow,
): Generator<RecordBatch, void> {
  let firstOffset = slice.fetchOffset;
  let from = 0;
  while (from < headers.length) {
    const group = takeGroup(slice, headers, from, decompress);
    const last = headers[group.until - 1];
    if (last === undefined) return;
    const nextOffset = Math.min(last.lastOffset + 1, slice.untilOffset);
    const groupBytes = joined(group.parts, allocate);
    yield new RecordBatch(
      {
        topic: slice.topic,
        partition: slice.partition,
        firstOffset,
        nextOffset,
        leaderEpoch: last.leaderEpoch,
        stableEndOffset: slice.stableEndOffset,
        appendTime: last.appendTime,
        unreadable: group.unreadable,
      },
      groupBytes,
      group.unreadable === null
        ? decodeGroup(slice, { bytes: groupBytes, placed: group.placed }, allocate)
        : unreadableIndex(slice, last),
    );
    firstOffset = nextOffset;
    from = group.until;
  }
}

interface Group {
  /** Buffers with its records; positions are as if they were one buffer. */
  readonly parts: readonly Buffer[];
  readonly placed: readonly BatchView[];
  /** Index of the first header after the group. */
  readonly until: number;
  /** Why the only Kafka batch of the group cannot be uncompressed; null: it can. */
  readonly unreadable: RepriseError | null;
}

function takeGroup(
  slice: PartitionSlice,
  headers: readonly BatchHeader[],
  from: number,
  decompress: Decompress,
): Group {
  const appendTime = headers[from]?.appendTime ?? false;
  let until = from;
  while (until < headers.length && headers[until]?.appendTime === appendTime) until += 1;
  const candidates = headers.slice(from, until);
  if (candidates.every((header) => header.codec === 0 || !header.visible)) {
    const placed = candidates
      .filter((header) => header.visible)
      .map((header) => ({ header, start: header.recordsStart, end: header.recordsEnd }));
    return { parts: [slice.bytes], placed, until, unreadable: null };
  }
  const parts: Buffer[] = [];
  const placed: BatchView[] = [];
  let size = 0;
  let taken = from;
  for (const header of candidates) {
    if (size >= batchBytesTarget) break;
    taken += 1;
    if (!header.visible) continue;
    const part = unpack(slice, header, decompress);
    if (part instanceof RepriseError) {
      if (taken - 1 > from) return { parts, placed, until: taken - 1, unreadable: null };
      return { parts, placed: [], until: taken, unreadable: part };
    }
    placed.push({ header, start: size, end: size + part.length });
    parts.push(part);
    size += part.length;
  }
  return { parts, placed, until: taken, unreadable: null };
}

function joined(parts: readonly Buffer[], allocate: (size: number) => Buffer): Buffer {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = allocate(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(all, at);
  return all;
}

/** Returns the uncompressed records of a Kafka batch, or the error if they are too large. */
function unpack(
  slice: PartitionSlice,
  header: BatchHeader,
  decompress: Decompress,
): Buffer | RepriseError {
  const packed = slice.bytes.subarray(header.recordsStart, header.recordsEnd);
  if (header.codec === 0) return packed;
  try {
    return decompress(
      header.codec,
      packed,
      `${slice.topic}[${slice.partition}]@${header.baseOffset}`,
    );
  } catch (error) {
    if (isRepriseError(error, 'BUDGET_EXCEEDED')) return error;
    throw error;
  }
}

/**
 * Creates one entry for each record of a Kafka batch that cannot be uncompressed; a single entry,
 * at its last offset, if compaction or their number hides which records there are.
 */
function unreadableIndex(slice: PartitionSlice, header: BatchHeader): RecordIndex {
  const { baseOffset, lastOffset, count, maxTimestampMs } = header;
  const isEach = count === lastOffset - baseOffset + 1 && count <= unreadableRecordsMax;
  const first = isEach ? Math.max(baseOffset, slice.fetchOffset) : lastOffset;
  const offsets: number[] = [];
  for (let offset = first; offset <= lastOffset; offset += 1) {
    if (offset < slice.untilOffset) offsets.push(offset);
  }
  const absent = () => new Int32Array(offsets.length).fill(-1);
  return {
    count: offsets.length,
    offsets: Float64Array.from(offsets),
    timestampsMs: new Float64Array(offsets.length).fill(maxTimestampMs),
    keyStart: absent(),
    keyEnd: absent(),
    valueStart: absent(),
    valueEnd: absent(),
  };
}

function decodeGroup(
  slice: PartitionSlice,
  { bytes: groupBytes, placed }: { readonly bytes: Buffer; readonly placed: readonly BatchView[] },
  allocate: (size: number) => Buffer,
): RecordIndex {
  let capacity = 0;
  for (const { header, start, end } of placed) {
    if (header.count < 0 || header.count * recordBytesMin > end - start) {
      throw corruptBatch(slice, header.baseOffset, `it cannot hold ${header.count} records`);
    }
    capacity += header.count;
  }
  const index = indexIn(allocate(capacity * 32), capacity);
  bytes = groupBytes;
  let count = 0;
  for (const batch of placed) count = decodeRecords(slice, batch, index, count);
  bytes = empty;
  return { count, ...index };
}

/**
 * Creates six columns in memory that is not zeroed: every entry below `count` is written, and none
 * beyond is read.
 */
function indexIn({ buffer, byteOffset }: Buffer, capacity: number): Columns {
  const at = (column: number) => byteOffset + capacity * column;
  return {
    offsets: new Float64Array(buffer, at(0), capacity),
    timestampsMs: new Float64Array(buffer, at(8), capacity),
    keyStart: new Int32Array(buffer, at(16), capacity),
    keyEnd: new Int32Array(buffer, at(20), capacity),
    valueStart: new Int32Array(buffer, at(24), capacity),
    valueEnd: new Int32Array(buffer, at(28), capacity),
  };
}

const empty = Buffer.alloc(0);

type Columns = Omit<RecordIndex, 'count'>;

/**
 * Fills the index from record `count` with one batch's records inside `[fetchOffset, untilOffset)`;
 * returns the new count.
 */
function decodeRecords(
  slice: PartitionSlice,
  { header, start, end }: BatchView,
  index: Columns,
  from: number,
): number {
  const { offsets, timestampsMs, keyStart, keyEnd, valueStart, valueEnd } = index;
  const { baseOffset, lastOffset, baseTimestampMs, appendTime, maxTimestampMs } = header;
  const { fetchOffset, untilOffset } = slice;
  let count = from;
  let previous = -1;
  position = start;
  for (let i = 0; i < header.count; i += 1) {
    const length = readVarint();
    const recordEnd = position + length;
    if (length < recordBytesMin - 1 || recordEnd > end) {
      throw corruptBatch(slice, baseOffset, `record ${i} reaches beyond it`);
    }
    position += 1; // record attributes; unused in version 2
    const timestampDelta = readVarlong();
    const offset = baseOffset + readVarint();
    const keyLength = readVarint();
    const keyAt = position;
    if (keyLength > 0) position += keyLength;
    const valueLength = readVarint();
    const valueAt = position;
    if (valueLength > 0) position += valueLength;
    if (
      keyLength < -1 ||
      valueLength < -1 ||
      position >= recordEnd ||
      offset <= previous ||
      offset < baseOffset ||
      offset > lastOffset
    ) {
      throw corruptBatch(slice, baseOffset, `record ${i} is malformed`);
    }
    previous = offset;
    if (offset >= fetchOffset && offset < untilOffset) {
      offsets[count] = offset;
      timestampsMs[count] = appendTime ? maxTimestampMs : baseTimestampMs + timestampDelta;
      keyStart[count] = keyLength < 0 ? -1 : keyAt;
      keyEnd[count] = keyLength < 0 ? -1 : keyAt + keyLength;
      valueStart[count] = valueLength < 0 ? -1 : valueAt;
      valueEnd[count] = position;
      count += 1;
    }
    position = recordEnd;
  }
  if (position !== end) throw corruptBatch(slice, baseOffset, 'bytes are left after its records');
  return count;
}

/**
 * Reads a zigzag varint of at most five bytes. Beyond the bytes it reads zeros; callers compare
 * `position` with their limit.
 */
function readVarint(): number {
  const first = bytes[position++] as number;
  if (first < 0x80) return (first >>> 1) ^ -(first & 1);
  let value = first & 0x7f;
  for (let shift = 7; shift < 35; shift += 7) {
    const byte = bytes[position++] as number;
    value |= (byte & 0x7f) << shift;
    if (!(byte >= 0x80)) return (value >>> 1) ^ -(value & 1);
  }
  return malformedLength;
}

/** Negative enough that every check of a length or an offset refuses it. */
const malformedLength = -0x80000000;

/** Reads a zigzag varlong of at most ten bytes, as a number: exact up to 2^53. */
function readVarlong(): number {
  const first = bytes[position++] as number;
  if (first < 0x80) return (first >>> 1) ^ -(first & 1);
  let value = first & 0x7f;
  let scale = 128;
  for (let i = 1; i < 10; i += 1) {
    const byte = bytes[position++] as number;
    value += (byte & 0x7f) * scale;
    if (!(byte >= 0x80)) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 128;
  }
  return 0;
}
