import { checkCompatibility } from '../avro/compatibility/check-compatibility.ts';
import { describeChanges, type SchemaChange } from '../avro/compatibility/describe-changes.ts';
import type { Incompatibility, SilentChange } from '../avro/compatibility/incompatibility.ts';
import { parseJson, parseSchema } from '../avro/schema/parse-schema.ts';
import { RepriseError } from '../reprise-error.ts';
import { currentSchema, isRecorded, recordedSchema } from './resolved-schema.ts';
import type { SchemaFolder, SchemaRecord } from './schema-folder.ts';
import { type VersionName, versionText } from './version-text.ts';

/** The changes between two versions of a record. */
export interface SchemaDiff {
  readonly name: string;
  readonly from: VersionName;
  readonly to: VersionName;
  readonly changes: readonly SchemaChange[];
  /** Which of `topic`, `key` and `time` differ. */
  readonly attributes: readonly string[];
  /** Why the newer version cannot read values of the older one; empty if it can. */
  readonly incompatibilities: readonly Incompatibility[];
  readonly warnings: readonly SilentChange[];
}

/**
 * Compares two versions. Default: the current file with the newest recorded version, or the newest
 * two if the current file is recorded. @throws SCHEMA_INVALID
 */
export function diffRecord(
  folder: SchemaFolder,
  record: SchemaRecord,
  wanted: { readonly from?: number; readonly to?: number } = {},
): SchemaDiff {
  const newest = record.versions.length;
  const fresh = wanted.to === undefined && !isRecorded(folder, record);
  const to: VersionName = fresh ? 'current' : (wanted.to ?? newest);
  const from = wanted.from ?? (to === 'current' ? newest : to - 1);
  const older = textsOf(folder, record, from);
  const newer = textsOf(folder, record, to);
  const changes = describeChanges(
    parseSchema(older.standalone, versionText(record.name, from)),
    parseSchema(newer.standalone, versionText(record.name, to)),
  );
  const { incompatibilities, warnings } = checkCompatibility({
    reader: newer.standalone,
    writer: older.standalone,
  });
  const attributes = changedAttributes(older.text, newer.text);
  return { name: record.name, from, to, changes, attributes, incompatibilities, warnings };
}

function textsOf(
  folder: SchemaFolder,
  { name, current, versions }: SchemaRecord,
  wanted: VersionName,
): { readonly text: string; readonly standalone: string } {
  if (wanted === 'current') return currentSchema(folder, name, current ?? '');
  const version = versions[wanted - 1];
  if (version !== undefined) {
    return { text: version.text, standalone: recordedSchema(folder, version) };
  }
  throw new RepriseError(
    'SCHEMA_INVALID',
    `${name} has ${versions.length} recorded version(s), so there is no version ${wanted} to compare. Name another, or record the current file: reprise schemas new ${name}`,
    { facts: { name } },
  );
}

function changedAttributes(older: string, newer: string): readonly string[] {
  const [from, to] = [older, newer].map((text) => parseJson(text, 'a schema')) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  return ['topic', 'key', 'time'].flatMap((name) =>
    from[name] === to[name]
      ? []
      : [`"${name}" was ${textOf(from[name])}, is ${textOf(to[name])}${consequence(name)}`],
  );
}

function consequence(name: string): string {
  if (name === 'topic') return ': events written before stay on the old topic';
  if (name === 'key') return ': events written before lie in the partitions of the old key';
  return ': projections that use the default time see older events at another time';
}

function textOf(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
