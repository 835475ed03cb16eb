import { checkHistory } from '../avro/compatibility/check-history.ts';
import type { CompatibilityLevel } from '../avro/compatibility/compatibility-level.ts';
import type { SubjectStrategies } from '../event/subject-of.ts';
import { refusalWords } from '../registry/incompatible-schema.ts';
import { currentSchema, isRecorded, recordedSchema } from './resolved-schema.ts';
import type { SchemaFinding } from './schema-finding.ts';
import { HISTORY_DIRECTORY, type SchemaFolder, type SchemaRecord } from './schema-folder.ts';
import { subjectOfText } from './subject-of-text.ts';

/** The rules by which a folder is checked. */
export interface CheckRules {
  readonly mode: CompatibilityLevel;
  readonly subjects: SubjectStrategies;
}

/** A version of a record to check against earlier ones. */
interface Step {
  readonly file: string;
  readonly text: string;
  readonly standalone: string;
  readonly upcaster: boolean;
}

/**
 * Checks every version of every record, including the current file, against earlier versions. An
 * upcaster starts a new series: earlier versions are read through it, so only versions from its
 * target on are compared. Pure.
 * @throws SCHEMA_INVALID
 */
export function checkRecords(folder: SchemaFolder, rules: CheckRules): readonly SchemaFinding[] {
  return folder.records.flatMap((record) => checkRecord(folder, record, rules));
}

/** Checks one record, as `checkRecords`. @throws SCHEMA_INVALID */
export function checkRecord(
  folder: SchemaFolder,
  record: SchemaRecord,
  rules: CheckRules,
): readonly SchemaFinding[] {
  const steps = stepsOf(folder, record);
  const findings = steps.flatMap((step, position) => {
    const since = steps.findLastIndex((one, at) => one.upcaster && at <= position);
    const before = steps.slice(Math.max(0, since), position);
    return checkStep(step, { before, first: Math.max(0, since) }, rules);
  });
  return isRecorded(folder, record) ? findings : [...findings, notRecorded(record, rules)];
}

function stepsOf(folder: SchemaFolder, record: SchemaRecord): readonly Step[] {
  const recorded = record.versions.map((version) => ({
    file: `${HISTORY_DIRECTORY}/${version.path}`,
    text: version.text,
    standalone: recordedSchema(folder, version),
    upcaster: version.upcaster,
  }));
  if (record.current === null || isRecorded(folder, record)) return recorded;
  const { text, standalone } = currentSchema(folder, record.name, record.current);
  return [...recorded, { file: `${record.name}.avsc`, text, standalone, upcaster: false }];
}

function checkStep(
  { file, text, standalone }: Step,
  { before, first }: { readonly before: readonly Step[]; readonly first: number },
  { mode, subjects }: CheckRules,
): readonly SchemaFinding[] {
  const subject = subjectOfText(text, file, subjects);
  const history = before.map((one) => one.standalone);
  const report = checkHistory({ history, next: standalone, mode, firstVersion: first + 1 });
  const refused = report.compatible
    ? []
    : [
        {
          level: 'error' as const,
          code: 'INCOMPATIBLE_SCHEMA' as const,
          file,
          subject,
          message: refusalWords(subject, report),
        },
      ];
  const warnings = report.warnings.map(({ type, location, message, version }) => ({
    level: 'warning' as const,
    code: type,
    file,
    subject,
    message: `beside version ${version}, at ${location}: ${message}`,
  }));
  return [...refused, ...warnings];
}

function notRecorded({ name, current, versions }: SchemaRecord, rules: CheckRules): SchemaFinding {
  const file = `${name}.avsc`;
  const what =
    versions.length === 0
      ? 'is not recorded yet'
      : `is not its version ${versions.length} any more`;
  return {
    level: 'error',
    code: 'NOT_RECORDED',
    file,
    subject: subjectOfText(current ?? '{}', file, rules.subjects),
    message: `${what}. Record it and commit the history: reprise schemas new ${name}`,
  };
}
