import type { RecordHeader } from './record-batch.ts';

const NO_HEADERS = Buffer.from([0]);

/**
 * Encodes headers as in Kafka's record batch v2: zigzag varint count, then per header length and
 * name, length (-1: null) and value.
 */
export function encodeHeaders(headers: readonly RecordHeader[] | undefined): Buffer {
  if (headers === undefined || headers.length === 0) return NO_HEADERS;
  const parts: Buffer[] = [varint(headers.length)];
  for (const { key, value } of headers) {
    const name = Buffer.from(key, 'utf8');
    parts.push(varint(name.length), name, varint(value === null ? -1 : value.length));
    if (value !== null) parts.push(value);
  }
  return Buffer.concat(parts);
}

/** Encodes a zigzag varint (protobuf's sint32), as used throughout Kafka's record format. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
