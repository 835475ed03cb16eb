import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../avro/schema/parse-schema.ts';
import { historyBroken } from './history-broken.ts';

/** The entry of one recorded file in `history.json`. */
export interface RecordedFile {
  /** Hash of the text in UTF-8 with line feeds, in hexadecimal. */
  readonly sha256: string;
  /**
   * Types of other files that this file names: full name → the recorded file that it was recorded
   * with, such as `address/2.avsc`.
   */
  readonly references?: Readonly<Record<string, string>> | undefined;
  /**
   * True if an upcaster leads from the previous version to this one: Avro's rules alone do not read
   * earlier values under this schema.
   */
  readonly upcaster?: boolean | undefined;
}

/**
 * Content of `history/history.json`: the recorded files by their path below `history/`, such as
 * `user-acted/1.avsc`.
 */
export type HistoryIndex = Readonly<Record<string, RecordedFile>>;

/** Matches a path of the index. */
export const recordedPath = /^([a-z0-9][a-zA-Z0-9._-]*)\/([1-9]\d*)\.avsc$/;

const historySchema = z.strictObject({
  versions: z.record(
    z.string().regex(recordedPath),
    z.strictObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      references: z.record(z.string(), z.string().regex(recordedPath)).optional(),
      upcaster: z.boolean().optional(),
    }),
  ),
});

/** Parses the text of `history.json`. @throws SCHEMA_HISTORY_BROKEN naming the entry */
export function parseHistoryIndex(text: string, origin: string): HistoryIndex {
  const result = historySchema.safeParse(parseJson(text, origin));
  if (result.success) return result.data.versions;
  const [issue] = result.error.issues;
  throw historyBroken(origin, `is not an index of versions (${issue?.path.join('.')})`);
}

/**
 * Formats `history.json`: sorted by record, then by version, a few lines each, so that branches
 * merge and only real conflicts conflict.
 */
export function historyIndexText(index: HistoryIndex): string {
  const paths = Object.keys(index).sort(byRecordAndVersion);
  const versions = Object.fromEntries(paths.map((path) => [path, index[path]]));
  return `${JSON.stringify({ versions }, null, 2)}\n`;
}

/** Hashes a recorded text. Ignores line ends, which a checkout may change. */
export function schemaHash(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n'), 'utf8').digest('hex');
}

function byRecordAndVersion(one: string, other: string): number {
  const [name = '', version = ''] = one.split('/');
  const [otherName = '', otherVersion = ''] = other.split('/');
  if (name !== otherName) return name < otherName ? -1 : 1;
  return Number.parseInt(version, 10) - Number.parseInt(otherVersion, 10);
}
