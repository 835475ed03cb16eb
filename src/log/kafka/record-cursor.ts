import { RecordBatch, type RecordIndex } from '../record-batch.ts';
import {
  type BatchHeader,
  batchHeaders,
  corruptBatch,
  type PartitionSlice,
} from './batch-headers.ts';
import type { Decompress } from './decompress.ts';

/** Unpacked bytes after which a slice is split into another record batch: 32 MiB. */
const batchBytesTarget = 32 * 1024 * 1024;
/** length, attributes, timestamp delta, offset delta, key length, value length, header count: a byte each. */
const recordBytesMin = 7;

// The cursor's state lives in the module: monomorphic functions over it are what keeps decoding free of objects (performance.md).
let bytes: Buffer = Buffer.alloc(0);
let position = 0;

/** A view of the records of one Kafka batch inside the bytes of a group. */
interface Placed {
  readonly header: BatchHeader;
  readonly start: number;
  readonly end: number;
}

/**
 * Decodes a slice into record batches: one, unless unpacking makes it large or the kind of timestamp changes. Uncompressed, `bytes` is the
 * slice's own buffer; with a compressed Kafka batch among them it is a new one with the payloads. Pure: no I/O, no clock.
 * @throws CORRUPT_RECORD_BATCH, UNSUPPORTED_RECORD_BATCH, BUDGET_EXCEEDED
 */
export function* decodeSlice(
  slice: PartitionSlice,
  decompress: Decompress,
  headers: readonly BatchHeader[] = batchHeaders(slice),
): Generator<RecordBatch, void> {
  let firstOffset = slice.fetchOffset;
  let from = 0;
  while (from < headers.length) {
    const group = takeGroup(slice, headers, from, decompress);
    const last = headers[group.until - 1];
    if (last === undefined) return;
    const nextOffset = Math.min(last.lastOffset + 1, slice.untilOffset);
    yield new RecordBatch(
      {
        topic: slice.topic,
        partition: slice.partition,
        firstOffset,
        nextOffset,
        leaderEpoch: last.leaderEpoch,
        stableEndOffset: slice.stableEndOffset,
        appendTime: last.appendTime,
      },
      group.bytes,
      decodeGroup(slice, group.bytes, group.placed),
    );
    firstOffset = nextOffset;
    from = group.until;
  }
}

interface Group {
  readonly bytes: Buffer;
  readonly placed: readonly Placed[];
  /** Index of the first header that is not in the group. */
  readonly until: number;
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
    return { bytes: slice.bytes, placed, until };
  }
  const parts: Buffer[] = [];
  const placed: Placed[] = [];
  let size = 0;
  let taken = from;
  for (const header of candidates) {
    if (size >= batchBytesTarget) break;
    taken += 1;
    if (!header.visible) continue;
    const packed = slice.bytes.subarray(header.recordsStart, header.recordsEnd);
    const where = `${slice.topic}[${slice.partition}]@${header.baseOffset}`;
    const part = header.codec === 0 ? packed : decompress(header.codec, packed, where);
    placed.push({ header, start: size, end: size + part.length });
    parts.push(part);
    size += part.length;
  }
  const [only] = parts;
  const joined = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  return { bytes: joined, placed, until: taken };
}

function decodeGroup(
  slice: PartitionSlice,
  groupBytes: Buffer,
  placed: readonly Placed[],
): RecordIndex {
  let capacity = 0;
  for (const { header, start, end } of placed) {
    if (header.count < 0 || header.count * recordBytesMin > end - start) {
      throw corruptBatch(slice, header.baseOffset, `it cannot hold ${header.count} records`);
    }
    capacity += header.count;
  }
  const index = allocateIndex(capacity);
  bytes = groupBytes;
  let count = 0;
  for (const batch of placed) count = decodeRecords(slice, batch, index, count);
  bytes = empty;
  return { count, ...index };
}

/** Six columns in one allocation that is not zeroed: every entry below `count` is written, and none beyond is read. */
function allocateIndex(capacity: number): Columns {
  const { buffer } = Buffer.allocUnsafeSlow(capacity * 32);
  return {
    offsets: new Float64Array(buffer, 0, capacity),
    timestampsMs: new Float64Array(buffer, capacity * 8, capacity),
    keyStart: new Int32Array(buffer, capacity * 16, capacity),
    keyEnd: new Int32Array(buffer, capacity * 20, capacity),
    valueStart: new Int32Array(buffer, capacity * 24, capacity),
    valueEnd: new Int32Array(buffer, capacity * 28, capacity),
  };
}

const empty = Buffer.alloc(0);

type Columns = Omit<RecordIndex, 'count'>;

/** Fills the index from record `count` on with one batch's records inside `[fetchOffset, untilOffset)`; returns the new count. */
function decodeRecords(
  slice: PartitionSlice,
  { header, start, end }: Placed,
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
    position += 1; // the record's attributes are unused in version 2
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

/** A zigzag varint of at most five bytes. Beyond the bytes it reads zeros; callers compare `position` with their bound. */
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

/** Negative enough for every check of a length or an offset to refuse it. */
const malformedLength = -0x80000000;

/** A zigzag varlong of at most ten bytes, as a number: exact up to 2^53. */
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
