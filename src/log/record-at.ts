import { RepriseError } from '../reprise-error.ts';
import type { LogRecord, RecordBatch, RecordHeader } from './record-batch.ts';

/**
 * Returns record `index` of a batch as an object; key and value are views on the batch's bytes, not
 * copies.
 * @throws CORRUPT_RECORD_BATCH if its headers are malformed; the batch's error if it is unreadable;
 * RangeError if `index` is outside `[0, count)`
 * @example
 * for (let i = 0; i < batch.count; i += 1) {
 *   const { offset, key } = recordAt(batch, i);
 *   console.log(offset, key?.toString());
 * }
 */
export function recordAt(batch: RecordBatch, index: number): LogRecord {
  requireIndex(batch, index);
  if (batch.unreadable !== null) throw batch.unreadable;
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: BigInt(batch.offsets[index] ?? 0),
    timestampMs: batch.timestampsMs[index] ?? 0,
    key: keyAt(batch, index),
    value: valueAt(batch, index),
    headers: headersAt(batch, index),
  };
}

/**
 * Returns record `index` with its own bytes, so that it stays valid without the batch. @throws as
 * `recordAt`
 */
export function ownRecordAt(batch: RecordBatch, index: number): LogRecord {
  const record = recordAt(batch, index);
  return {
    ...record,
    key: ownBytes(record.key),
    value: ownBytes(record.value),
    headers: record.headers.map(({ key, value }) => ({ key, value: ownBytes(value) })),
  };
}

function ownBytes(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

/** Returns the key of record `index` as a view on the batch's bytes, or null. */
export function keyAt(batch: RecordBatch, index: number): Buffer | null {
  const start = batch.keyStart[index] ?? -1;
  return start < 0 ? null : batch.bytes.subarray(start, batch.keyEnd[index]);
}

/** Returns the value of record `index` as a view on the batch's bytes; null is a tombstone. */
export function valueAt(batch: RecordBatch, index: number): Buffer | null {
  const start = batch.valueStart[index] ?? -1;
  return start < 0 ? null : batch.bytes.subarray(start, batch.valueEnd[index]);
}

/**
 * Returns the headers of record `index`, in order; names may repeat.
 * @throws CORRUPT_RECORD_BATCH if they reach beyond the batch's bytes
 * @example
 * const trace = headersAt(batch, 0).find(({ key }) => key === 'traceparent')?.value?.toString();
 */
export function headersAt(batch: RecordBatch, index: number): readonly RecordHeader[] {
  requireIndex(batch, index);
  const reader = new HeaderReader(batch, index);
  const count = reader.varint();
  // A header has at least two bytes: a larger count is invalid and must not cause an allocation.
  if (count < 0 || count > batch.bytes.length) throw corrupt(batch, index);
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i += 1) {
    const key = reader.bytes();
    if (key === null) throw corrupt(batch, index);
    headers.push({ key: key.toString('utf8'), value: reader.bytes() });
  }
  return headers;
}

class HeaderReader {
  readonly #batch: RecordBatch;
  readonly #index: number;
  #position: number;

  constructor(batch: RecordBatch, index: number) {
    this.#batch = batch;
    this.#index = index;
    this.#position = batch.valueEnd[index] ?? 0;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#batch.bytes[this.#position];
      if (byte === undefined) break;
      this.#position += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw corrupt(this.#batch, this.#index);
  }

  bytes(): Buffer | null {
    const length = this.varint();
    if (length === -1) return null;
    const start = this.#position;
    if (length < 0 || start + length > this.#batch.bytes.length) {
      throw corrupt(this.#batch, this.#index);
    }
    this.#position = start + length;
    return this.#batch.bytes.subarray(start, this.#position);
  }
}

/** @throws RangeError when `index` is outside `[0, count)` */
export function requireIndex(batch: RecordBatch, index: number): void {
  if (Number.isInteger(index) && index >= 0 && index < batch.count) return;
  throw new RangeError(`record ${index} of a batch of ${batch.count}`);
}

function corrupt(batch: RecordBatch, index: number): RepriseError {
  const { topic, partition } = batch;
  const offset = batch.offsets[index] ?? -1;
  return new RepriseError(
    'CORRUPT_RECORD_BATCH',
    `The headers of ${topic}[${partition}]@${offset} are malformed. Look at the producer that wrote this record.`,
    { facts: { topic, partition, offset } },
  );
}
