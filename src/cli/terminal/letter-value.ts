import { peekSchemaId } from '../../avro/decode/confluent-header.ts';
import type { Reprise } from '../../reprise.ts';
import type { DeadLetterStatus } from '../../runner/dead-letters/dead-letter-status.ts';

/** The value of a dead letter, as far as it can be decoded. */
export interface LetterValue {
  /**
   * The event as its producer wrote it; undefined: its schema is unknown, or the bytes do not match
   * it.
   */
  readonly decoded?: unknown;
  /** Id of the schema that its producer used; null: the value names none. */
  readonly schemaId: number | null;
}

/** Decodes the value of a dead letter by its writer's schema, or as JSON; never throws. */
export async function readLetterValue(
  { registry }: Pick<Reprise, 'registry'>,
  { value }: Pick<DeadLetterStatus, 'value'>,
): Promise<LetterValue> {
  if (value === null) return { schemaId: null };
  const schemaId = peekSchemaId(value, 0, value.length);
  if (schemaId < 0) return { schemaId: null, ...jsonOf(value) };
  try {
    const text = await registry.schemaById(schemaId);
    const { decodeAsWritten } = await import('../../avro/decode/decode-as-written.ts');
    return { schemaId, decoded: decodeAsWritten(value, schemaId, text) };
  } catch {
    // The registry is unavailable or does not know the schema, or the value does not match it: show
    // the bytes.
    return { schemaId };
  }
}

/** Decodes a value of a JSON topic. */
function jsonOf(value: Buffer): { readonly decoded?: unknown } {
  try {
    return { decoded: JSON.parse(value.toString('utf8')) };
  } catch {
    return {};
  }
}
