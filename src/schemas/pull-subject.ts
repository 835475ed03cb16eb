import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unqualified } from '../avro/schema/avro-type.ts';
import { fullNameOf } from '../avro/schema/names-used.ts';
import { parseJson } from '../avro/schema/parse-schema.ts';
import {
  registryHistory,
  type StandaloneVersion,
  sameSchema,
} from '../registry/registry-history.ts';
import type { RegisteredSchema, SchemaRegistry } from '../registry/schema-registry.ts';
import { RepriseError } from '../reprise-error.ts';
import type { CheckRules } from './check-records.ts';
import { recordVersion } from './record-version.ts';
import { isRecorded, recordedSchema } from './resolved-schema.ts';
import { readSchemaFolder, type SchemaFolder, type SchemaRecord } from './schema-folder.ts';
import { subjectOfText } from './subject-of-text.ts';

/** Result of pulling from a registry. */
export interface Pulled {
  readonly name: string;
  readonly subject: string;
  /** Versions recorded now, numbered as in the history. */
  readonly versions: readonly number[];
  /**
   * True if the current file was written: before, it was the newest recorded version, or did not
   * exist.
   */
  readonly wrote: boolean;
  /**
   * True if the pulled schema names no topic, which an event needs. The current file has one and is
   * not recorded yet.
   */
  readonly needsTopic: boolean;
}

/**
 * Records the versions of a record's subject that the history lacks, after the existing ones, and
 * updates the current file.
 * @throws SCHEMA_INVALID if the current file is changed and not recorded, or the history lacks a
 * version older than one that it has, REGISTRY_UNAVAILABLE, REGISTRY_REFUSED
 */
export async function pullRecord(
  folder: SchemaFolder,
  record: SchemaRecord,
  registry: SchemaRegistry,
  rules: CheckRules,
): Promise<Pulled> {
  if (!isRecorded(folder, record)) throw unrecorded(record.name);
  const { name, current, versions } = record;
  const text = current ?? versions.at(-1)?.text ?? '';
  const subject = subjectOfText(text, `${name}.avsc`, rules.subjects);
  const history = await registryHistory(registry, subject);
  return pull(folder, record, { subject, history });
}

/**
 * Records every version of a subject in a new file, named after its record.
 * @throws UNKNOWN_SUBJECT, SCHEMA_INVALID if a file of that name exists, REGISTRY_UNAVAILABLE,
 * REGISTRY_REFUSED
 */
export async function pullSubject(
  folder: SchemaFolder,
  subject: string,
  registry: SchemaRegistry,
): Promise<Pulled> {
  const { schemaText } = await registry.latest(subject);
  const fullName = fullNameOf(schemaText, subject) ?? subject;
  const name = unqualified(fullName)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[^a-zA-Z0-9]+/g, '-')
    .toLowerCase();
  if (folder.records.some((one) => one.name === name)) throw taken(name, subject);
  const record = { name, current: null, versions: [] };
  const history = await registryHistory(registry, subject);
  const known = { ...folder, records: [...folder.records, record] };
  return pull(known, record, { subject, history, topic: topicOf(subject, fullName) });
}

interface Source {
  readonly subject: string;
  readonly history: readonly StandaloneVersion[];
  readonly topic?: string | null;
}

async function pull(
  folder: SchemaFolder,
  record: SchemaRecord,
  { subject, history, topic = null }: Source,
): Promise<Pulled> {
  const known = record.versions.map((version) => recordedSchema(folder, version));
  const isKnown = ({ standalone }: StandaloneVersion) =>
    known.some((one) => sameSchema(one, standalone));
  const missing = history.slice(history.findLastIndex(isKnown) + 1);
  const older = history.slice(0, -missing.length || undefined).find((one) => !isKnown(one));
  if (older !== undefined) throw outOfOrder(record.name, older.registered);
  let latest = folder;
  let versions = record.versions;
  for (const { standalone } of missing) {
    latest = await recordVersion(latest, { name: record.name, versions }, { text: standalone });
    versions = latest.records.find((one) => one.name === record.name)?.versions ?? [];
  }
  const newest = missing.at(-1)?.standalone;
  const wrote = newest !== undefined && (record.current !== null || known.length === 0);
  const completed = newest === undefined ? null : withTopic(newest, topic);
  if (wrote) {
    await writeFile(join(folder.directory, `${record.name}.avsc`), completed ?? newest);
  }
  const added = versions.slice(known.length).map(({ version }) => version);
  await readSchemaFolder(folder.directory);
  const needsTopic = completed !== null;
  return { name: record.name, subject, versions: added, wrote, needsTopic };
}

/** Adds a topic to the text; null if it needs none. */
function withTopic(text: string, topic: string | null): string | null {
  const json = parseJson(text, 'the pulled schema');
  if (topic === null || typeof json !== 'object' || json === null || 'topic' in json) return null;
  return `${JSON.stringify({ ...json, topic }, null, 2)}\n`;
}

/** Returns the topic in a subject's name; null if the subject is named after its record only. */
function topicOf(subject: string, fullName: string): string | null {
  for (const end of ['-value', `-${fullName}`]) {
    if (subject.endsWith(end)) return subject.slice(0, -end.length);
  }
  return null;
}

function unrecorded(name: string): RepriseError {
  return new RepriseError(
    'SCHEMA_INVALID',
    `${name}.avsc has changes that are not recorded, which pulling would overwrite. Record them (reprise schemas new ${name}), or take them back.`,
    { facts: { name } },
  );
}

function outOfOrder(name: string, { subject, version }: RegisteredSchema): RepriseError {
  return new RepriseError(
    'SCHEMA_INVALID',
    `Version ${version} of ${subject} is not in the history of ${name}, while a later one is, and a history only grows at its end. If none of it is released yet, take history/${name}, its lines in history.json and ${name}.avsc away and pull ${subject} as a whole.`,
    { facts: { name, subject, version } },
  );
}

function taken(name: string, subject: string): RepriseError {
  return new RepriseError(
    'SCHEMA_INVALID',
    `The schema of ${subject} would be ${name}.avsc, and there is one. Pull it by its file's name if that is the same event: reprise schemas pull ${name}`,
    { facts: { name, subject } },
  );
}
