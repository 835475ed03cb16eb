import { RepriseError } from '../reprise-error.ts';
import { type CheckRules, checkRecord } from './check-records.ts';
import { recordVersion } from './record-version.ts';
import { currentSchema, isRecorded } from './resolved-schema.ts';
import type { SchemaFinding } from './schema-finding.ts';
import type { SchemaFolder, SchemaRecord } from './schema-folder.ts';

/** A version that was recorded by this call. */
export interface NewlyRecorded {
  readonly name: string;
  readonly version: number;
  /** Path below `history/`. */
  readonly path: string;
  readonly warnings: readonly SchemaFinding[];
}

/** Arguments of `recordCurrent`. */
export interface RecordRequest {
  readonly folder: SchemaFolder;
  readonly name: string;
  readonly rules: CheckRules;
  /**
   * True if an upcaster leads from the previous version to this one, which then may be
   * incompatible.
   */
  readonly upcaster: boolean;
}

/**
 * The new state of the folder, and the versions recorded: types of other files first; empty if all
 * were recorded before.
 */
export interface RecordOutcome {
  readonly folder: SchemaFolder;
  readonly recorded: readonly NewlyRecorded[];
}

/**
 * Records the current file of a record as its next version, after the current files of the types
 * that it names.
 * @throws INCOMPATIBLE_SCHEMA if it breaks the mode and `upcaster` is false, SCHEMA_INVALID
 */
export async function recordCurrent(request: RecordRequest): Promise<RecordOutcome> {
  const { name, rules, upcaster } = request;
  const { current } = recordNamed(request.folder, name);
  if (current === null) throw noFile(name);
  const { text, uses } = currentSchema(request.folder, name, current);
  let folder = request.folder;
  const recorded: NewlyRecorded[] = [];
  for (const used of uses.values()) {
    const outcome = await recordCurrent({ folder, name: used, rules, upcaster: false });
    folder = outcome.folder;
    recorded.push(...outcome.recorded);
  }
  const before = recordNamed(folder, name);
  if (isRecorded(folder, before)) return { folder, recorded };
  const warnings = upcaster ? [] : accepted(checkRecord(folder, before, rules), name);
  const references = Object.fromEntries(
    [...uses].map(([fullName, used]) => [fullName, newestPath(folder, used)]),
  );
  folder = await recordVersion(folder, before, { text, references, upcaster });
  const version = before.versions.length + 1;
  return {
    folder,
    recorded: [...recorded, { name, version, path: newestPath(folder, name), warnings }],
  };
}

/**
 * Returns the findings about the current file; those about recorded versions do not concern this
 * command.
 */
function accepted(findings: readonly SchemaFinding[], name: string): readonly SchemaFinding[] {
  const own = findings.filter(({ file }) => file === `${name}.avsc`);
  const refused = own.find(({ code }) => code === 'INCOMPATIBLE_SCHEMA');
  if (refused !== undefined) {
    throw new RepriseError(
      'INCOMPATIBLE_SCHEMA',
      `${name}.avsc is not recorded: ${refused.message}. See reprise schemas diff ${name} for what to change; where an upcaster bridges the change, say --upcaster.`,
      { facts: { subject: refused.subject, words: refused.message } },
    );
  }
  return own.filter(({ level }) => level === 'warning');
}

/** Returns the record of that name. @throws SCHEMA_INVALID naming the records that exist */
export function recordNamed(folder: SchemaFolder, name: string): SchemaRecord {
  const found = folder.records.find((one) => one.name === name);
  if (found !== undefined) return found;
  const known = folder.records.map((one) => one.name).join(', ') || 'none';
  throw new RepriseError(
    'SCHEMA_INVALID',
    `There is no ${name}.avsc in ${folder.directory}; there are: ${known}. Correct the name, or write the file.`,
    { facts: { name } },
  );
}

function newestPath(folder: SchemaFolder, name: string): string {
  return recordNamed(folder, name).versions.at(-1)?.path ?? '';
}

function noFile(name: string): RepriseError {
  return new RepriseError(
    'SCHEMA_INVALID',
    `${name} is retired: there is no ${name}.avsc to record. Its versions stay in the history; write the file again to go on.`,
    { facts: { name } },
  );
}
