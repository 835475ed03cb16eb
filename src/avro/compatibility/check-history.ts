import type { AvroType } from '../schema/avro-type.ts';
import { parseSource, type SchemaSource } from '../schema/schema-source.ts';
import { compareTypes } from './check-compatibility.ts';
import type { CompatibilityLevel } from './compatibility-level.ts';
import type { Incompatibility, SilentChange } from './incompatibility.ts';

/** Arguments of `checkHistory`. */
export interface HistoryCheck {
  /**
   * Every earlier version, oldest first. Version numbers are 1, 2, … in this order, or start at
   * `firstVersion`.
   */
  readonly history: readonly SchemaSource[];
  readonly next: SchemaSource;
  /** The number of the first version in `history`, if earlier ones are left out. Default 1. */
  readonly firstVersion?: number;
  /** Default BACKWARD_TRANSITIVE: a replay reads every version ever written. */
  readonly mode?: CompatibilityLevel;
}

/**
 * Which side fails to read: the new schema reads an old version's values (BACKWARD), or an old
 * version reads the new schema's (FORWARD).
 */
export type CompatibilityDirection = 'BACKWARD' | 'FORWARD';

/** An earlier version that the new schema is incompatible with. */
export interface HistoryConflict {
  /** Version number in the history, counted from `firstVersion`. */
  readonly version: number;
  readonly direction: CompatibilityDirection;
  readonly incompatibilities: readonly Incompatibility[];
}

/** A silent change against one version. */
export interface HistoryWarning extends SilentChange {
  readonly version: number;
}

/** The result of `checkHistory`. */
export interface HistoryReport {
  readonly compatible: boolean;
  readonly mode: CompatibilityLevel;
  /** Newest version first, BACKWARD before FORWARD; empty if compatible. */
  readonly conflicts: readonly HistoryConflict[];
  /**
   * Against every version, whatever the mode (a replay reads all of them); newest version first.
   */
  readonly warnings: readonly HistoryWarning[];
}

/**
 * Checks a new schema against earlier versions by the registry's modes: BACKWARD (the new one reads
 * the newest), FORWARD (the newest reads the new one), FULL (both), each transitive (all versions,
 * not only the newest), NONE (no check). Pure.
 * @throws SCHEMA_INVALID if one of them is not an Avro schema
 * @example
 * const { conflicts } = checkHistory({ history: ['"int"', '"long"'], next: '"int"' });
 * conflicts[0]?.version; // 2
 */
export function checkHistory(check: HistoryCheck): HistoryReport {
  const mode = check.mode ?? 'BACKWARD_TRANSITIVE';
  const next = parseSource(check.next, 'the new schema');
  const { firstVersion = 1 } = check;
  const versions = check.history
    .map((source, index) => ({
      version: firstVersion + index,
      type: parseSource(source, `version ${firstVersion + index}`),
    }))
    .reverse();
  const compared = mode.endsWith('_TRANSITIVE') ? versions : versions.slice(0, 1);
  const conflicts = compared.flatMap(({ version, type }) =>
    directionsOf(mode).flatMap((direction) => {
      const { incompatibilities } = compareIn(direction, next, type);
      return incompatibilities.length === 0 ? [] : [{ version, direction, incompatibilities }];
    }),
  );
  const warnings = versions.flatMap(({ version, type }) =>
    compareTypes(next, type).warnings.map((warning) => ({ ...warning, version })),
  );
  return { compatible: conflicts.length === 0, mode, conflicts, warnings };
}

function directionsOf(mode: CompatibilityLevel): readonly CompatibilityDirection[] {
  if (mode === 'NONE') return [];
  if (mode.startsWith('FULL')) return ['BACKWARD', 'FORWARD'];
  return [mode.startsWith('BACKWARD') ? 'BACKWARD' : 'FORWARD'];
}

function compareIn(direction: CompatibilityDirection, next: AvroType, old: AvroType) {
  return direction === 'BACKWARD' ? compareTypes(next, old) : compareTypes(old, next);
}

/**
 * Formats conflicts, one line for each conflict and reason. Command, registry and publisher share
 * this explanation.
 */
export function explainConflicts(report: HistoryReport): readonly string[] {
  return report.conflicts.flatMap(({ version, direction, incompatibilities }) => {
    const who =
      direction === 'BACKWARD'
        ? `cannot read what version ${version} wrote`
        : `cannot be read by version ${version}`;
    return incompatibilities.map(
      ({ type, location, message }) => `the new schema ${who}: ${type} at ${location}: ${message}`,
    );
  });
}
