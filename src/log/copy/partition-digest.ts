import { createHash } from 'node:crypto';
import { encodeHeaders } from '../encode-headers.ts';
import { headersAt } from '../record-at.ts';
import type { RecordBatch } from '../record-batch.ts';

const CHUNK_BYTES = 64 * 1024;
/** Offset, timestamp and the lengths of key, value and headers. */
const FRAME_BYTES = 28;
const NULL = -1;

/**
 * SHA-256 over the records of a partition, in order: of each its offset (int64), timestamp
 * (double), the lengths of key, value (-1: null) and headers (int32, big endian all), then their
 * bytes, headers as Kafka's record batch v2 has them.
 */
export class PartitionDigest {
  readonly #hash = createHash('sha256');
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #records = 0;

  /** Records so far. */
  get records(): number {
    return this.#records;
  }

  add(batch: RecordBatch, index: number): void {
    const keyStart = batch.keyStart[index] ?? NULL;
    const valueStart = batch.valueStart[index] ?? NULL;
    const key = keyStart < 0 ? null : batch.bytes.subarray(keyStart, batch.keyEnd[index]);
    const value = valueStart < 0 ? null : batch.bytes.subarray(valueStart, batch.valueEnd[index]);
    const headers = encodedHeaders(batch, index);
    const frame = this.#room(FRAME_BYTES);
    this.#chunk.writeBigInt64BE(BigInt(batch.offsets[index] ?? 0), frame);
    this.#chunk.writeDoubleBE(batch.timestampsMs[index] ?? 0, frame + 8);
    this.#chunk.writeInt32BE(key?.length ?? NULL, frame + 16);
    this.#chunk.writeInt32BE(value?.length ?? NULL, frame + 20);
    this.#chunk.writeInt32BE(headers.length, frame + 24);
    if (key !== null) this.#addBytes(key);
    if (value !== null) this.#addBytes(value);
    this.#addBytes(headers);
    this.#records += 1;
  }

  /** Of all records so far, in hex; more may follow. */
  sha256(): string {
    this.#flush();
    return this.#hash.copy().digest('hex');
  }

  #addBytes(bytes: Buffer): void {
    if (bytes.length > CHUNK_BYTES) {
      this.#flush();
      this.#hash.update(bytes);
      return;
    }
    bytes.copy(this.#chunk, this.#room(bytes.length));
  }

  /** Where so many bytes may be put. */
  #room(bytes: number): number {
    if (this.#filled + bytes > CHUNK_BYTES) this.#flush();
    const at = this.#filled;
    this.#filled += bytes;
    return at;
  }

  #flush(): void {
    this.#hash.update(this.#chunk.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

/** The headers of a record in the one form that all logs give them. */
export function encodedHeaders(batch: RecordBatch, index: number): Buffer {
  const start = batch.valueEnd[index] ?? 0;
  // By far the most records have none: a count of zero.
  if (batch.bytes[start] === 0) return batch.bytes.subarray(start, start + 1);
  return encodeHeaders(headersAt(batch, index));
}
