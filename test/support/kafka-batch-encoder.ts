import { crc32c } from '@node-rs/crc32';
import type { RecordHeader } from '../../src/log/record-batch.ts';

/** A record as the test encoder takes it. */
export interface EncodedRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

export interface EncodedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly records: readonly EncodedRecord[];
  /** Codec bits, 0x08 append time, 0x10 transactional, 0x20 control. Default 0. */
  readonly attributes?: number;
  readonly producerId?: number;
  readonly maxTimestampMs?: number;
  readonly compress?: (payload: Buffer) => Buffer;
}

/**
 * Writes a record batch v2 from Kafka's specification alone, independent of the cursor under test.
 */
export function encodeBatch(batch: EncodedBatch): Buffer {
  const base = batch.records[0]?.timestampMs ?? 0;
  const plain = Buffer.concat(
    batch.records.map((one) => encodeRecord(one, batch.baseOffset, base)),
  );
  const payload = batch.compress?.(plain) ?? plain;
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(batch.baseOffset), 0);
  header.writeInt32BE(49 + payload.length, 8);
  header.writeInt32BE(3, 12);
  header.writeInt8(2, 16);
  header.writeInt16BE(batch.attributes ?? 0, 21);
  header.writeInt32BE(batch.lastOffset - batch.baseOffset, 23);
  header.writeBigInt64BE(BigInt(base), 27);
  header.writeBigInt64BE(BigInt(batch.maxTimestampMs ?? base), 35);
  header.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43);
  header.writeInt32BE(batch.records.length, 57);
  const bytes = Buffer.concat([header, payload]);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

/** The marker that ends a transaction: ABORT or COMMIT. */
export function encodeMarker(offset: number, producerId: number, aborted: boolean): Buffer {
  const key = Buffer.from([0, 0, 0, aborted ? 0 : 1]);
  const value = Buffer.alloc(6);
  const records = [{ offset, timestampMs: 1, key, value, headers: [] }];
  return encodeBatch({
    baseOffset: offset,
    lastOffset: offset,
    records,
    attributes: 0x30,
    producerId,
  });
}

function encodeRecord(one: EncodedRecord, baseOffset: number, baseTimestamp: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(BigInt(one.timestampMs - baseTimestamp)),
    varint(BigInt(one.offset - baseOffset)),
    sized(one.key),
    sized(one.value),
    varint(BigInt(one.headers.length)),
    ...one.headers.flatMap(({ key, value }) => [sized(Buffer.from(key)), sized(value)]),
  ]);
  return Buffer.concat([varint(BigInt(body.length)), body]);
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1n) : Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  let rest = value >= 0n ? value * 2n : -value * 2n - 1n;
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
