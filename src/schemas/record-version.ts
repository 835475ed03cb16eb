import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyIndexText, schemaHash } from './history-index.ts';
import {
  HISTORY_DIRECTORY,
  HISTORY_INDEX,
  type SchemaFolder,
  type SchemaRecord,
} from './schema-folder.ts';

/** A text to record as the next version of a record. */
export interface VersionToRecord {
  readonly text: string;
  readonly references?: Readonly<Record<string, string>>;
  readonly upcaster?: boolean;
}

/**
 * Writes the next version of a record, then the index. A crash between the two leaves a file that
 * is not in the index; the next read reports it.
 * @returns the new state of the folder. @throws errors of the file system
 */
export async function recordVersion(
  folder: SchemaFolder,
  record: Pick<SchemaRecord, 'name' | 'versions'>,
  { text, references = {}, upcaster = false }: VersionToRecord,
): Promise<SchemaFolder> {
  const version = record.versions.length + 1;
  const path = `${record.name}/${version}.avsc`;
  const history = join(folder.directory, HISTORY_DIRECTORY);
  const file = {
    sha256: schemaHash(text),
    ...(Object.keys(references).length === 0 ? {} : { references }),
    ...(upcaster ? { upcaster } : {}),
  };
  const index = { ...folder.index, [path]: file };
  await mkdir(join(history, record.name), { recursive: true });
  await writeFile(join(history, path), text, { flag: 'wx' });
  await replaceFile(join(history, HISTORY_INDEX), historyIndexText(index));
  const added = { version, path, text, references, upcaster };
  const records = folder.records.map((one) =>
    one.name === record.name ? { ...one, versions: [...one.versions, added] } : one,
  );
  return { ...folder, records, index };
}

/** Replaces a file atomically: a reader finds the old or the new text. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
