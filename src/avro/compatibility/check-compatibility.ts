import type { AvroType } from '../schema/avro-type.ts';
import { parseSource, type SchemaSource } from '../schema/schema-source.ts';
import type { Incompatibility, SilentChange } from './incompatibility.ts';
import { AmbiguousField, SchemaComparison } from './schema-comparison.ts';
import { silentChanges } from './silent-changes.ts';

/** The result of comparing one pair of schemas. */
export interface CompatibilityReport {
  /** True if every value written under the writer's schema can be read under the reader's. */
  readonly compatible: boolean;
  /** The reasons, in the order of Java's checker; empty if compatible. */
  readonly incompatibilities: readonly Incompatibility[];
  /**
   * Changes that are compatible by Avro's rules but yield other values. Beyond Java's checker; they
   * do not affect `compatible`.
   */
  readonly warnings: readonly SilentChange[];
}

/**
 * Checks whether `reader` can read what `writer` wrote. Types, locations and messages are those of
 * Java's `SchemaCompatibility` (Avro 1.12). Pure.
 * @throws SCHEMA_INVALID if one of the two is not an Avro schema
 * @example
 * checkCompatibility({ reader: '"long"', writer: '"int"' }).compatible; // true
 * checkCompatibility({ reader: '"int"', writer: '"long"' }).compatible; // false
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

/** Checks parsed schemas, as `checkCompatibility`. */
export function compareTypes(reader: AvroType, writer: AvroType): CompatibilityReport {
  const incompatibilities = incompatibilitiesOf(reader, writer);
  const compatible = incompatibilities.length === 0;
  return { compatible, incompatibilities, warnings: silentChanges(reader, writer) };
}

/** Returns why a reader cannot read what a writer wrote; empty if it can. */
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
