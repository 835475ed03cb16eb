import { composeSchema } from '../avro/schema/compose-schema.ts';
import { inlineReferences } from '../avro/schema/inline-references.ts';
import type { RecordedVersion, SchemaFolder, SchemaRecord } from './schema-folder.ts';

/** A schema of a folder with its names resolved. */
export interface ResolvedSchema {
  /** The text of the file. */
  readonly text: string;
  /** The text with the types of other files inlined. */
  readonly standalone: string;
  /**
   * Types of other files that it names directly: full name → the name of their file (`address`).
   */
  readonly uses: ReadonlyMap<string, string>;
}

/**
 * Resolves the current schema of a record. @throws SCHEMA_INVALID naming file and name if no file
 * has a type that it names, or files name one another in a circle
 */
export function currentSchema(folder: SchemaFolder, name: string, text: string): ResolvedSchema {
  const files = folder.records.flatMap((record) =>
    record.current === null ? [] : [{ name: `${record.name}.avsc`, text: record.current }],
  );
  const { standalone, uses } = composeSchema({ name: `${name}.avsc`, text }, files);
  const fileNames = [...uses].map(
    ([fullName, file]) => [fullName, file.name.slice(0, -'.avsc'.length)] as const,
  );
  return { text, standalone, uses: new Map(fileNames) };
}

/**
 * Returns a recorded version with its referenced types inlined, in the versions that it was
 * recorded with.
 */
export function recordedSchema(folder: SchemaFolder, version: RecordedVersion): string {
  return inlineReferences(
    version.text,
    referencedVersions(folder, version).map(({ text }) => text),
  );
}

/**
 * Returns the recorded versions that a version names, directly and indirectly; referenced before
 * referring.
 */
function referencedVersions(
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

/** Returns the recorded version at a path of the history. */
export function versionAt(folder: SchemaFolder, path: string): RecordedVersion | undefined {
  const name = path.slice(0, path.indexOf('/'));
  const record = folder.records.find((one) => one.name === name);
  return record?.versions.find((one) => one.path === path);
}

/**
 * True if the current schema of a record, including types of other files, is its newest recorded
 * version, or the record is retired.
 */
export function isRecorded(
  folder: SchemaFolder,
  { name, current, versions }: SchemaRecord,
): boolean {
  if (current === null) return true;
  const newest = versions.at(-1);
  if (newest === undefined || withLineFeeds(newest.text) !== withLineFeeds(current)) return false;
  return recordedSchema(folder, newest) === currentSchema(folder, name, newest.text).standalone;
}

function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
