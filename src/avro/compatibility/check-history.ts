import type { AvroType } from '../schema/avro-type.ts';
import { parseSource, type SchemaSource } from '../schema/schema-source.ts';
import { compareTypes } from './check-compatibility.ts';
import type { CompatibilityLevel } from './compatibility-level.ts';
import type { Incompatibility, SilentChange } from './incompatibility.ts';

/** What to check a new schema against. */
export interface HistoryCheck {
  /**
   * Every version so far, oldest first; version numbers are 1, 2, … in this order, or from
   * `firstVersion`.
   */
  readonly history: readonly SchemaSource[];
  readonly next: SchemaSource;
  /** The number of the first of the history, where that leaves earlier ones out. Default 1. */
  readonly firstVersion?: number;
  /** Default BACKWARD_TRANSITIVE: a replay reads every version ever written. */
  readonly mode?: CompatibilityLevel;
}

/**
 * Which side fails to read: the new schema an old version's values (BACKWARD), or an old version
 * the new schema's (FORWARD).
 */
export type CompatibilityDirection = 'BACKWARD' | 'FORWARD';

/** One version that the new schema does not go with. */
export interface HistoryConflict {
  /** The position in the history, from `firstVersion`. */
  readonly version: number;
  readonly direction: CompatibilityDirection;
  readonly incompatibilities: readonly Incompatibility[];
}

/** A silent change against one version. */
export interface HistoryWarning extends SilentChange {
  readonly version: number;
}

/** The verdict on a new schema. */
export interface HistoryReport {
  readonly compatible: boolean;
  readonly mode: CompatibilityLevel;
  /** Newest version first, BACKWARD before FORWARD; empty when compatible. */
  readonly conflicts: readonly HistoryConflict[];
  /** Against every version, whatever the mode (a replay reads them all); newest version first. */
  readonly warnings: readonly HistoryWarning[];
}

/**
 * Checks a new schema against the versions before it by the registry's modes: BACKWARD (the new one
 * reads the newest), FORWARD (the newest reads the new one), FULL (both), each transitive (all
 * versions, not the newest alone), NONE (nothing is checked). Pure.
 * @throws SCHEMA_INVALID when one of them is no Avro schema
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

/** One line per conflict and reason, the explanation that command, registry and publisher share. */
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
