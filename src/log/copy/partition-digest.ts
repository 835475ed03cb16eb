import { createHash } from 'node:crypto';
import { encodeHeaders } from '../encode-headers.ts';
import { headersAt } from '../record-at.ts';
import type { RecordBatch } from '../record-batch.ts';

const CHUNK_BYTES = 64 * 1024;
/** Offset, timestamp and the lengths of key, value and headers. */
const FRAME_BYTES = 28;
const NULL = -1;

/**
 * SHA-256 over the records of a partition, in order. Of each record: its offset (int64), timestamp
 * (double), the lengths of key, value (-1: null) and headers (int32, all big endian), then their
 * bytes, with headers as in Kafka's record batch v2.
 */
export class PartitionDigest {
  readonly #hash = createHash('sha256');
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #records = 0;

  /** Number of records added. */
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

  /** SHA-256 of all records added, in hex; more may be added. */
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

  /** Returns where this many bytes can be written. */
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

/** Returns the headers of a record in the encoding that is the same for all logs. */
export function encodedHeaders(batch: RecordBatch, index: number): Buffer {
  const start = batch.valueEnd[index] ?? 0;
  // Most records have no headers: a count of zero.
  if (batch.bytes[start] === 0) return batch.bytes.subarray(start, start + 1);
  return encodeHeaders(headersAt(batch, index));
}
