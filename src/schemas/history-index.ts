import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../avro/schema/parse-schema.ts';
import { historyBroken } from './history-broken.ts';

/** What `history.json` says of one recorded file. */
export interface RecordedFile {
  /** Of the text in UTF-8 with line feeds, in hexadecimal. */
  readonly sha256: string;
  /**
   * Types of other files that this one names: full name → the recorded file that it meant, such as
   * `address/2.avsc`.
   */
  readonly references?: Readonly<Record<string, string>> | undefined;
  /**
   * An upcaster leads here from the version before: values written earlier are not read under this
   * schema by Avro's rules alone.
   */
  readonly upcaster?: boolean | undefined;
}

/**
 * `history/history.json`: the recorded files by their path below `history/`, such as
 * `user-acted/1.avsc`.
 */
export type HistoryIndex = Readonly<Record<string, RecordedFile>>;

/** A path of the index. */
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

/** Reads the text of `history.json`. @throws SCHEMA_HISTORY_BROKEN naming the place */
export function parseHistoryIndex(text: string, origin: string): HistoryIndex {
  const result = historySchema.safeParse(parseJson(text, origin));
  if (result.success) return result.data.versions;
  const [issue] = result.error.issues;
  throw historyBroken(origin, `is not an index of versions (${issue?.path.join('.')})`);
}

/**
 * The text of `history.json`: sorted by record, then by version, a few lines each, so that branches
 * merge and conflicts are real ones.
 */
export function historyIndexText(index: HistoryIndex): string {
  const paths = Object.keys(index).sort(byRecordAndVersion);
  const versions = Object.fromEntries(paths.map((path) => [path, index[path]]));
  return `${JSON.stringify({ versions }, null, 2)}\n`;
}

/** The hash of a recorded text. Line ends do not count: a checkout may have changed them. */
export function schemaHash(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n'), 'utf8').digest('hex');
}

function byRecordAndVersion(one: string, other: string): number {
  const [name = '', version = ''] = one.split('/');
  const [otherName = '', otherVersion = ''] = other.split('/');
  if (name !== otherName) return name < otherName ? -1 : 1;
  return Number.parseInt(version, 10) - Number.parseInt(otherVersion, 10);
}
