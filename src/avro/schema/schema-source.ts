import type { AvroType } from './avro-type.ts';
import { parseSchemaJson, readSchemaText } from './parse-schema.ts';

/**
 * A schema as callers have it: its text, the JSON already parsed, or text with the texts of the
 * named types it refers to (referenced before referring).
 */
export type SchemaSource =
  | string
  | Readonly<Record<string, unknown>>
  | readonly unknown[]
  | ReferringSchema;

/** Schema text whose named types stand in other texts. */
export interface ReferringSchema {
  readonly schemaText: string;
  readonly references: readonly string[];
}

/**
 * Parses a schema source; names of its references are known to it. Unions without branches are
 * allowed, as in Java. @throws SCHEMA_INVALID
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
