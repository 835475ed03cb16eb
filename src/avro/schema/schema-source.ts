import type { AvroType } from './avro-type.ts';
import { parseSchemaJson, readSchemaText } from './parse-schema.ts';

/**
 * A schema in the forms that callers have: its text, parsed JSON, or text with the texts of the
 * named types it refers to (referenced before referring).
 */
export type SchemaSource =
  | string
  | Readonly<Record<string, unknown>>
  | readonly unknown[]
  | ReferringSchema;

/** Schema text whose named types are defined in other texts. */
export interface ReferringSchema {
  readonly schemaText: string;
  readonly references: readonly string[];
}

/**
 * Parses a schema source with its references. Unions without branches are allowed, as in Java.
 * @throws SCHEMA_INVALID
 */
export function parseSource(source: SchemaSource, origin: string): AvroType {
  if (isReferring(source)) {
    const references = source.references.map((text) => readSchemaText(text, origin));
    return parseSchemaJson(readSchemaText(source.schemaText, origin), origin, { references });
  }
  const json = typeof source === 'string' ? readSchemaText(source, origin) : source;
  return parseSchemaJson(json, origin);
}

function isReferring(source: SchemaSource): source is ReferringSchema {
  return typeof source === 'object' && 'schemaText' in source && !('type' in source);
}
