import type { AvroType } from '../schema/avro-type.ts';
import { parseSource, type SchemaSource } from '../schema/schema-source.ts';
import type { Incompatibility, SilentChange } from './incompatibility.ts';
import { AmbiguousField, SchemaComparison } from './schema-comparison.ts';
import { silentChanges } from './silent-changes.ts';

/** The verdict on one pair of schemas. */
export interface CompatibilityReport {
  /** True when every value written under the writer's schema can be read under the reader's. */
  readonly compatible: boolean;
  /** Why not, in the order of Java's checker; empty when compatible. */
  readonly incompatibilities: readonly Incompatibility[];
  /**
   * Compatible by Avro's rules and yet other values: beyond Java, and without influence on
   * `compatible`.
   */
  readonly warnings: readonly SilentChange[];
}

/**
 * Can `reader` read what `writer` wrote? Types, locations and messages are those of Java's
 * `SchemaCompatibility` (Avro 1.12). Pure.
 * @throws SCHEMA_INVALID when one of the two is no Avro schema
 * @example checkCompatibility({ reader: '"long"', writer: '"int"' }).compatible // true
 */
export function checkCompatibility(pair: {
  readonly reader: SchemaSource;
  readonly writer: SchemaSource;
}): CompatibilityReport {
  return compareTypes(
    parseSource(pair.reader, "the reader's schema"),
    parseSource(pair.writer, "the writer's schema"),
  );
}

/** The same for parsed schemas. */
export function compareTypes(reader: AvroType, writer: AvroType): CompatibilityReport {
  const incompatibilities = incompatibilitiesOf(reader, writer);
  const compatible = incompatibilities.length === 0;
  return { compatible, incompatibilities, warnings: silentChanges(reader, writer) };
}

/** Why a reader cannot read what a writer wrote; empty when it can. */
export function incompatibilitiesOf(
  reader: AvroType,
  writer: AvroType,
): readonly Incompatibility[] {
  try {
    return new SchemaComparison().compare(reader, writer);
  } catch (error) {
    if (!(error instanceof AmbiguousField)) throw error;
    const { location, message } = error;
    return [{ type: 'CHECKER_EXCEPTION', location, message }];
  }
}
