import { RepriseError } from '../../reprise-error.ts';

/**
 * Bytes before the Avro data: magic 0 and a 4-byte schema id, big endian (Confluent's wire format).
 */
export const headerBytes = 5;

/**
 * Returns the schema id of `bytes[start, end)`; -1 if there is no such header. For scans that must
 * not throw.
 */
export function peekSchemaId(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < headerBytes || bytes[start] !== 0) return -1;
  return (
    (((bytes[start + 1] as number) << 24) |
      ((bytes[start + 2] as number) << 16) |
      ((bytes[start + 3] as number) << 8) |
      (bytes[start + 4] as number)) >>>
    0
  );
}

/**
 * Returns the schema id of `bytes[start, end)`.
 * @throws NOT_CONFLUENT if there is no header, GUID_HEADER if the id is a GUID (magic 1)
 */
export function readSchemaId(bytes: Uint8Array, start: number, end: number): number {
  const id = peekSchemaId(bytes, start, end);
  if (id >= 0) return id;
  if (end > start && bytes[start] === 1) {
    throw new RepriseError(
      'GUID_HEADER',
      'The value names its schema by GUID (magic byte 1), which reprise does not read. Configure the producer to write schema ids.',
    );
  }
  const found =
    end <= start
      ? 'is empty'
      : end - start < headerBytes
        ? `has only ${end - start} bytes`
        : `begins with byte ${bytes[start]}`;
  throw new RepriseError(
    'NOT_CONFLUENT',
    `The value ${found}, so it is not in Confluent's Avro format (byte 0, then a 4-byte schema id). Produce it with a schema registry serializer, or define the topic as 'json' or 'raw'.`,
  );
}

/** Prepends the header to Avro data. */
export function encodeWithHeader(schemaId: number, avro: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + avro.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(schemaId, 1);
  bytes.set(avro, headerBytes);
  return bytes;
}

/** Copies an encoded value with another schema id in its header. */
export function withSchemaId(value: Buffer, schemaId: number): Buffer {
  const copy = Buffer.from(value);
  copy.writeUInt32BE(schemaId, 1);
  return copy;
}
