import { crc32c } from '@node-rs/crc32';
import type { PaymentStream } from './payment-stream.ts';
import { USERS, userName } from './payment-stream.ts';

const HEADER_BYTES = 61;
const CRC_AT = 17;
const CRC_FROM = 21;
const RECORD_BYTES_MAX = 128;
const HEX = Buffer.from('0123456789abcdef');

const userKeys: readonly Buffer[] = Array.from({ length: USERS }, (_, index) =>
  Buffer.from(userName(index)),
);

/** UTF-8 of a user id; also the record key. */
export function userKey(index: number): Buffer {
  return userKeys[index] ?? Buffer.from(userName(index));
}

/**
 * Builds the record batches (v2, uncompressed) of one partition, writing key, Confluent header and
 * Avro value straight into the batch: kafkajs's producer would take a hundred seconds for five
 * million records. Use: `append` until it says the batch is full, then `finish`.
 */
export class BatchWriter {
  readonly #bytes: Buffer;
  readonly #bytesMax: number;
  readonly #schemaId: number;
  #at = HEADER_BYTES;
  #count = 0;
  #firstTimestampMs = 0;
  #lastTimestampMs = 0;

  constructor(options: { readonly schemaId: number; readonly bytesMax: number }) {
    this.#schemaId = options.schemaId;
    this.#bytesMax = options.bytesMax;
    this.#bytes = Buffer.allocUnsafe(options.bytesMax + RECORD_BYTES_MAX);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds the stream's current payment. @returns true when the batch has reached its size */
  append(payment: PaymentStream): boolean {
    const key = userKey(payment.userIndex);
    if (this.#count === 0) this.#firstTimestampMs = payment.appendedAtMs;
    this.#lastTimestampMs = payment.appendedAtMs;
    const valueBytes =
      5 + 17 + varintBytes(key.length) + key.length + 8 + 1 + varintBytes(payment.occurredAtMs);
    const timestampDelta = payment.appendedAtMs - this.#firstTimestampMs;
    const bodyBytes =
      1 +
      varintBytes(timestampDelta) +
      varintBytes(this.#count) +
      varintBytes(key.length) +
      key.length +
      varintBytes(valueBytes) +
      valueBytes +
      1;
    this.#varint(bodyBytes);
    this.#bytes[this.#at++] = 0;
    this.#varint(timestampDelta);
    this.#varint(this.#count);
    this.#text(key);
    this.#varint(valueBytes);
    this.#value(payment, key);
    this.#bytes[this.#at++] = 0;
    this.#count += 1;
    return this.#at >= this.#bytesMax;
  }

  /** The finished batch, as a copy; the writer starts the next one. */
  finish(): Buffer {
    const bytes = this.#bytes;
    bytes.fill(0, 0, HEADER_BYTES);
    bytes.writeInt32BE(this.#at - 12, 8);
    bytes.writeInt32BE(-1, 12);
    bytes[16] = 2;
    bytes.writeInt32BE(this.#count - 1, 23);
    bytes.writeBigInt64BE(BigInt(this.#firstTimestampMs), 27);
    bytes.writeBigInt64BE(BigInt(this.#lastTimestampMs), 35);
    bytes.fill(0xff, 43, 57);
    bytes.writeInt32BE(this.#count, 57);
    bytes.writeUInt32BE(crc32c(bytes.subarray(CRC_FROM, this.#at)), CRC_AT);
    const finished = Buffer.from(bytes.subarray(0, this.#at));
    this.#at = HEADER_BYTES;
    this.#count = 0;
    return finished;
  }

  #value(payment: PaymentStream, user: Buffer): void {
    const bytes = this.#bytes;
    bytes[this.#at++] = 0;
    this.#at = bytes.writeInt32BE(this.#schemaId, this.#at);
    this.#varint(16);
    this.#hex(payment.idHigh);
    this.#hex(payment.idLow);
    this.#text(user);
    this.#at = bytes.writeDoubleLE(payment.amount, this.#at);
    this.#varint(payment.methodIndex);
    this.#varint(payment.occurredAtMs);
  }

  #hex(word: number): void {
    for (let shift = 28; shift >= 0; shift -= 4) {
      this.#bytes[this.#at++] = HEX[(word >>> shift) & 15] as number;
    }
  }

  #text(text: Buffer): void {
    this.#varint(text.length);
    text.copy(this.#bytes, this.#at);
    this.#at += text.length;
  }

  /** Zigzag varint of a number ≥ 0 below 2^52; Kafka and Avro write the same. */
  #varint(value: number): void {
    let rest = value * 2;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }
}

function varintBytes(value: number): number {
  let rest = value * 2;
  let bytes = 1;
  while (rest >= 128) {
    rest = Math.floor(rest / 128);
    bytes += 1;
  }
  return bytes;
}
