import { crc32c } from '@node-rs/crc32';
import { encodeHeaders } from '../../encode-headers.ts';
import type { AppendRecord } from '../../event-log.ts';
import type { BatchCodec } from './batch-codec.ts';

// Hot path: the batch under construction is in module-level variables that small functions write,
// as in the cursor that reads batches (ADR 0032).

/**
 * Bytes of a batch before its records. Source: https://kafka.apache.org/documentation/#recordbatch
 */
const batchHeaderBytes = 61;

/**
 * A producer's id, epoch and sequence in a partition, by which the broker recognises a repeated
 * batch (KIP-98).
 */
export interface ProducerStamp {
  readonly producerId: bigint;
  readonly epoch: number;
  /** Sequence number of the batch's first record. */
  readonly sequence: number;
}

/** A record batch (magic 2) without the producer's stamp, and the number of records in it. */
export interface EncodedBatch {
  readonly bytes: Buffer;
  readonly count: number;
  /** Bytes of its records before compression. */
  readonly recordBytes: number;
}

/**
 * Which records of a queue to encode, and limits. A first record larger than `bytesMax` is encoded
 * alone.
 */
export interface BatchLimits {
  /** Index of the first record. */
  readonly from: number;
  /** Maximum bytes before compression. */
  readonly bytesMax: number;
  /** Timestamp of records that have none, in milliseconds. */
  readonly nowMs: number;
}

let bytes = Buffer.allocUnsafeSlow(1 << 20);
let at = 0;

/**
 * Encodes records from index `from` up to the limit, at least one. Timestamps must be integers
 * below 2^53.
 */
export function encodeBatch(
  queue: readonly AppendRecord[],
  limits: BatchLimits,
  codec: BatchCodec,
): EncodedBatch {
  const { from, bytesMax, nowMs } = limits;
  const baseTimestampMs = queue[from]?.timestampMs ?? nowMs;
  let maxTimestampMs = baseTimestampMs;
  let count = 0;
  at = batchHeaderBytes;
  for (let index = from; index < queue.length; index += 1) {
    const record = queue[index] as AppendRecord;
    const timestampMs = record.timestampMs ?? nowMs;
    const before = at;
    writeRecord(record, timestampMs - baseTimestampMs, count);
    if (at > bytesMax && count > 0) {
      at = before;
      break;
    }
    count += 1;
    if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs;
  }
  const records = bytes.subarray(batchHeaderBytes, at);
  const batch = framed(codec.id === 0 ? records : codec.compress(records));
  batch.writeInt16BE(codec.id, 21);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(BigInt(baseTimestampMs), 27);
  batch.writeBigInt64BE(BigInt(maxTimestampMs), 35);
  batch.writeInt32BE(count, 57);
  return { bytes: batch, count, recordBytes: records.length };
}

/**
 * Writes the producer's id, epoch and sequence into a batch, in place, and updates its checksum.
 */
export function stampBatch(batch: Buffer, stamp: ProducerStamp): void {
  batch.writeBigInt64BE(stamp.producerId, 43);
  batch.writeInt16BE(stamp.epoch, 51);
  batch.writeInt32BE(stamp.sequence, 53);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
}

/** Creates the final buffer: header, length and magic, then the records. */
function framed(records: Buffer): Buffer {
  const batch = Buffer.allocUnsafeSlow(batchHeaderBytes + records.length);
  batch.fill(0, 0, batchHeaderBytes);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12); // the leader's epoch: the broker fills it in
  batch[16] = 2;
  batch.set(records, batchHeaderBytes);
  return batch;
}

function writeRecord(record: AppendRecord, timestampDelta: number, offsetDelta: number): void {
  const { key, value } = record;
  const headers = encodeHeaders(record.headers);
  const keyBytes = key === null ? -1 : key.length;
  const valueBytes = value === null ? -1 : value.length;
  const body =
    1 +
    zigzagBytes(timestampDelta) +
    zigzagBytes(offsetDelta) +
    zigzagBytes(keyBytes) +
    Math.max(keyBytes, 0) +
    zigzagBytes(valueBytes) +
    Math.max(valueBytes, 0) +
    headers.length;
  reserve(body + varintBytesMax);
  writeZigzag(body);
  bytes[at++] = 0; // attributes: none are defined
  writeZigzag(timestampDelta);
  writeZigzag(offsetDelta);
  writeZigzag(keyBytes);
  if (key !== null) writeBytes(key);
  writeZigzag(valueBytes);
  if (value !== null) writeBytes(value);
  writeBytes(headers);
}

const varintBytesMax = 10;
/**
 * Maximum bytes copied in a loop, which is faster than a call into the runtime for short values.
 */
const loopBytesMax = 128;

function writeBytes(part: Buffer): void {
  const { length } = part;
  if (length <= loopBytesMax) {
    for (let i = 0; i < length; i += 1) bytes[at + i] = part[i] as number;
  } else {
    bytes.set(part, at);
  }
  at += length;
}

function reserve(room: number): void {
  if (at + room <= bytes.length) return;
  const grown = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, at + room));
  grown.set(bytes.subarray(0, at));
  bytes = grown;
}

/** Writes a zigzag varint or varlong of an integer between -2^52 and 2^52. */
function writeZigzag(value: number): void {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest > 0x7fff_ffff) {
    bytes[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
}

function zigzagBytes(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 128);
    size += 1;
  }
  return size;
}
