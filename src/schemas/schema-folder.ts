import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RepriseError } from '../reprise-error.ts';
import { historyBroken } from './history-broken.ts';
import {
  type HistoryIndex,
  parseHistoryIndex,
  type RecordedFile,
  recordedPath,
  schemaHash,
} from './history-index.ts';

/** A recorded version of a record; it never changes. */
export interface RecordedVersion {
  /** Version number, from 1, without gaps. */
  readonly version: number;
  /** Path below `history/`: `user-acted/1.avsc`. */
  readonly path: string;
  readonly text: string;
  readonly references: Readonly<Record<string, string>>;
  readonly upcaster: boolean;
}

/** One `.avsc` file and its recorded versions, oldest first. */
export interface SchemaRecord {
  /** The file's name without `.avsc`: `user-acted`. */
  readonly name: string;
  /**
   * The text of `schemas/user-acted.avsc`. Null: the record is retired; its versions stay, and its
   * events stay in the log.
   */
  readonly current: string | null;
  readonly versions: readonly RecordedVersion[];
}

/** A folder of schemas, checked against its index. */
export interface SchemaFolder {
  readonly directory: string;
  /** All records, sorted by name. */
  readonly records: readonly SchemaRecord[];
  readonly index: HistoryIndex;
}

/** Name of the history folder in a folder of schemas. */
export const HISTORY_DIRECTORY = 'history';
/** Name of the index in that folder. */
export const HISTORY_INDEX = 'history.json';

/**
 * Reads a folder of schemas: the current `.avsc` files and `history/`, checking the hash of every
 * recorded file.
 * @throws SCHEMA_HISTORY_BROKEN if a recorded file is changed, missing or not in the index, or a
 * version is left out; CONFIG_INVALID if the folder does not exist
 */
export async function readSchemaFolder(directory: string): Promise<SchemaFolder> {
  const current = await currentFiles(directory);
  const index = await readIndex(directory);
  await refuseUnindexed(directory, index);
  const recorded = new Map<string, RecordedVersion[]>();
  for (const [path, file] of Object.entries(index)) {
    const [, name = '', version] = recordedPath.exec(path) ?? [];
    const text = await recordedText(directory, path, file);
    const { references = {}, upcaster = false } = file;
    const versions = recorded.get(name) ?? [];
    versions.push({ version: Number(version), path, text, references, upcaster });
    recorded.set(name, versions);
  }
  const names = [...new Set([...current.keys(), ...recorded.keys()])].sort();
  const records = names.map((name) => ({
    name,
    current: current.get(name) ?? null,
    versions: withoutGaps(directory, name, recorded.get(name) ?? []),
  }));
  return { directory, records, index };
}

async function currentFiles(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = await namesIn(directory, directory);
  const names = files.filter((name) => name.endsWith('.avsc')).sort();
  const texts = names.map(async (name) => {
    const text = await readFile(join(directory, name), 'utf8');
    return [name.slice(0, -'.avsc'.length), text] as const;
  });
  return new Map(await Promise.all(texts));
}

async function readIndex(directory: string): Promise<HistoryIndex> {
  const path = join(directory, HISTORY_DIRECTORY, HISTORY_INDEX);
  const text = await readFile(path, 'utf8').catch(absent);
  return text === null ? {} : parseHistoryIndex(text, path);
}

/** Refuses files in the history that are not in the index: they were added by hand. */
async function refuseUnindexed(directory: string, index: HistoryIndex): Promise<void> {
  const history = join(directory, HISTORY_DIRECTORY);
  const found = await readdir(history, { recursive: true }).catch(absent);
  for (const file of found ?? []) {
    const path = file.replaceAll('\\', '/');
    if (path.endsWith('.avsc') && !(path in index)) {
      throw historyBroken(
        join(history, path),
        `is not in ${HISTORY_INDEX}`,
        `Remove it, or restore ${HISTORY_INDEX} from version control; versions are recorded by reprise schemas new.`,
      );
    }
  }
}

async function recordedText(directory: string, path: string, file: RecordedFile): Promise<string> {
  const place = join(directory, HISTORY_DIRECTORY, path);
  const text = await readFile(place, 'utf8').catch(absent);
  if (text === null) throw historyBroken(place, 'is missing, and was recorded');
  if (schemaHash(text) !== file.sha256) throw historyBroken(place, 'is not what was recorded');
  return text;
}

function withoutGaps(
  directory: string,
  name: string,
  versions: RecordedVersion[],
): readonly RecordedVersion[] {
  versions.sort((one, other) => one.version - other.version);
  versions.forEach(({ version }, position) => {
    if (version === position + 1) return;
    const missing = join(directory, HISTORY_DIRECTORY, name, `${position + 1}.avsc`);
    throw historyBroken(missing, `is left out, while version ${version} is recorded`);
  });
  return versions;
}

async function namesIn(directory: string, shown: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RepriseError(
      'CONFIG_INVALID',
      `The folder of schemas ${shown} cannot be used (${code}). Create it, or name another with --directory.`,
      { cause: error },
    );
  }
}

function absent(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}
