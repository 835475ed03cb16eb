import { inlineReferences } from '../avro/inline-references.ts';
import { fullNameOf, namesUsed } from '../avro/references.ts';
import { RepriseError } from '../reprise-error.ts';
import type { RecordedVersion, SchemaFolder, SchemaRecord } from './schema-folder.ts';

/** A schema of a folder, its names found. */
export interface ResolvedSchema {
  /** As written. */
  readonly text: string;
  /** With the types of other files written out. */
  readonly standalone: string;
  /** Types of other files that it names itself: full name → the name of their file (`address`). */
  readonly uses: ReadonlyMap<string, string>;
}

/** The current schema of a record. @throws SCHEMA_INVALID naming file and name when no file has a type that it names, or files name one another in a circle */
export function currentSchema(folder: SchemaFolder, name: string, text: string): ResolvedSchema {
  const files = new Map<string, string>();
  for (const { name: file, current } of folder.records) {
    const fullName = current === null ? null : fullNameOf(current, `${file}.avsc`);
    if (fullName !== null) files.set(fullName, file);
  }
  const uses = usesOf(files, name, text);
  const texts = new Map<string, string>();
  const collect = (file: string, within: readonly string[]): void => {
    if (within.includes(file)) throw circle([...within, file]);
    if (texts.has(file)) return;
    const current = folder.records.find((one) => one.name === file)?.current ?? '';
    for (const used of usesOf(files, file, current).values()) collect(used, [...within, file]);
    texts.set(file, current);
  };
  for (const file of uses.values()) collect(file, [name]);
  return { text, standalone: inlineReferences(text, [...texts.values()]), uses };
}

/** A recorded version with the types of the versions that it was recorded with written out. */
export function recordedSchema(folder: SchemaFolder, version: RecordedVersion): string {
  return inlineReferences(
    version.text,
    referencedVersions(folder, version).map(({ text }) => text),
  );
}

/** The recorded versions that a version names, and those that they name; referenced before referring. */
export function referencedVersions(
  folder: SchemaFolder,
  version: RecordedVersion,
): readonly RecordedVersion[] {
  const found = new Set<RecordedVersion>();
  const collect = ({ references }: RecordedVersion): void => {
    for (const path of Object.values(references)) {
      const referenced = versionAt(folder, path);
      if (referenced === undefined || found.has(referenced)) continue;
      collect(referenced);
      found.add(referenced);
    }
  };
  collect(version);
  return [...found];
}

/** The recorded version at a path of the history. */
export function versionAt(folder: SchemaFolder, path: string): RecordedVersion | undefined {
  const name = path.slice(0, path.indexOf('/'));
  const record = folder.records.find((one) => one.name === name);
  return record?.versions.find((one) => one.path === path);
}

/** Whether the current schema of a record, types of other files included, is its newest recorded version. True for one that is retired. */
export function isRecorded(
  folder: SchemaFolder,
  { name, current, versions }: SchemaRecord,
): boolean {
  if (current === null) return true;
  const newest = versions.at(-1);
  if (newest === undefined || withLineFeeds(newest.text) !== withLineFeeds(current)) return false;
  return recordedSchema(folder, newest) === currentSchema(folder, name, newest.text).standalone;
}

function usesOf(
  files: ReadonlyMap<string, string>,
  name: string,
  text: string,
): ReadonlyMap<string, string> {
  const origin = `${name}.avsc`;
  return new Map(
    namesUsed(text, origin).map((used) => {
      const file = files.get(used);
      if (file === undefined) throw unknownName(origin, used);
      return [used, file];
    }),
  );
}

function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function unknownName(origin: string, name: string): RepriseError {
  return new RepriseError(
    'SCHEMA_INVALID',
    `${origin} names the type ${name}, which neither it nor another .avsc file of the folder defines. Correct the name, or add a file for it.`,
    { facts: { origin, name } },
  );
}

function circle(names: readonly string[]): RepriseError {
  return new RepriseError(
    'SCHEMA_INVALID',
    `The schemas ${names.join(' → ')} name one another in a circle, so none can be recorded or registered first. Put the types into one file.`,
    { facts: { name: names[0] ?? '' } },
  );
}
