import { refusalWords } from '../registry/incompatible-schema.ts';
import {
  checkRegistered,
  registryHistory,
  type StandaloneVersion,
  sameSchema,
} from '../registry/registry-history.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import type { CheckRules } from './check-records.ts';
import { currentSchema, isRecorded, recordedSchema } from './resolved-schema.ts';
import type { SchemaFinding } from './schema-finding.ts';
import { HISTORY_DIRECTORY, type SchemaFolder, type SchemaRecord } from './schema-folder.ts';
import { subjectOfText } from './subject-of-text.ts';

interface Newest {
  readonly file: string;
  readonly subject: string;
  readonly standalone: string;
}

/**
 * Checks the newest schema of every record against the registry's versions of its subject, at the
 * subject's level: the answer that registering it would get. Also names versions that only one of
 * the two has.
 * @throws REGISTRY_UNAVAILABLE, REGISTRY_REFUSED, SCHEMA_INVALID
 */
export async function checkAgainstRegistry(
  folder: SchemaFolder,
  registry: SchemaRegistry,
  rules: CheckRules,
): Promise<readonly SchemaFinding[]> {
  const findings: SchemaFinding[] = [];
  for (const record of folder.records) {
    const newest = newestOf(folder, record, rules);
    if (newest === null) continue;
    const registered = await registryHistory(registry, newest.subject);
    findings.push(...(await refused(registry, newest, registered)));
    findings.push(...unknownHere(folder, record, newest, registered));
  }
  return findings;
}

function newestOf(folder: SchemaFolder, record: SchemaRecord, rules: CheckRules): Newest | null {
  const { name, current, versions } = record;
  const newest = versions.at(-1);
  if (current !== null && !isRecorded(folder, record)) {
    const file = `${name}.avsc`;
    const subject = subjectOfText(current, file, rules.subjects);
    return { file, subject, standalone: currentSchema(folder, name, current).standalone };
  }
  if (newest === undefined) return null;
  const file = `${HISTORY_DIRECTORY}/${newest.path}`;
  const subject = subjectOfText(newest.text, file, rules.subjects);
  return { file, subject, standalone: recordedSchema(folder, newest) };
}

async function refused(
  registry: SchemaRegistry,
  { file, subject, standalone }: Newest,
  registered: readonly StandaloneVersion[],
): Promise<readonly SchemaFinding[]> {
  if (registered.some((one) => sameSchema(one.standalone, standalone))) return [];
  const mode = await registry.compatibility(subject);
  const report = checkRegistered(registered, standalone, mode);
  if (!report.compatible) {
    const message = `the registry would refuse it: ${refusalWords(subject, report)}`;
    return [{ level: 'error', code: 'INCOMPATIBLE_SCHEMA', file, subject, message }];
  }
  const message = `is not registered under ${subject} yet. Before it is written: reprise schemas register`;
  return [{ level: 'info', code: 'NOT_REGISTERED', file, subject, message }];
}

/**
 * Reports versions that only the registry has: events may have been written with them, and a replay
 * reads those.
 */
function unknownHere(
  folder: SchemaFolder,
  record: SchemaRecord,
  { file, subject }: Newest,
  registered: readonly StandaloneVersion[],
): readonly SchemaFinding[] {
  const known = record.versions.map((version) => recordedSchema(folder, version));
  const unknown = registered.filter(
    ({ standalone }) => !known.some((one) => sameSchema(one, standalone)),
  );
  return unknown.map(({ registered: { version } }) => ({
    level: 'warning',
    code: 'NOT_IN_HISTORY',
    file,
    subject,
    message: `version ${version} of ${subject} in the registry is not in the history, so nothing here was checked against it. Record it: reprise schemas pull ${record.name}`,
  }));
}
