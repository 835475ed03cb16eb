import type { VersionScope } from '../registry-store.ts';
import { normalHashOf, type PreparedDraft } from './prepare-draft.ts';
import { inScope, type Queryable, SELECT_VERSIONS, type VersionRow } from './version-rows.ts';

/**
 * Rows that may hold the schema: equal in either hash, or written by a process that did not know
 * the second hash.
 */
const CANDIDATES = '(schema_sha256 = $1 or normal_sha256 = $2 or normal_sha256 is null)';
/** Exactly equal texts before other spellings, live versions before deleted ones, newest first. */
const NEAREST_FIRST = 'schema_sha256 = $1 desc, deleted_at is not null, version desc';

/** Returns the version of a subject that has the schema, in any spelling. */
export async function findVersion(
  client: Queryable,
  subject: string,
  draft: PreparedDraft,
  scope: VersionScope,
): Promise<VersionRow | null> {
  const { rows } = await client.query<VersionRow & Hashes>(
    `${SELECT_VERSIONS.replace('select', 'select schema_sha256, normal_sha256,')}
     where subject = $3 and ${inScope(scope)} and ${CANDIDATES} order by ${NEAREST_FIRST}`,
    [draft.textHash, draft.normalHash, subject],
  );
  return rows.find((row) => isSame(row, draft)) ?? null;
}

/** Returns the id of the schema, whichever subject has or had it. */
export async function findId(client: Queryable, draft: PreparedDraft): Promise<number | null> {
  const { rows } = await client.query<VersionRow & Hashes>(
    `select id, schema_text, schema_references, schema_sha256, normal_sha256
     from reprise.registry_schemas where ${CANDIDATES} order by schema_sha256 = $1 desc, id`,
    [draft.textHash, draft.normalHash],
  );
  return rows.find((row) => isSame(row, draft))?.id ?? null;
}

interface Hashes {
  readonly schema_sha256: Buffer;
  readonly normal_sha256: Buffer | null;
}

function isSame(row: VersionRow & Hashes, draft: PreparedDraft): boolean {
  if (row.schema_sha256.equals(draft.textHash)) return true;
  const normal = row.normal_sha256 ?? normalHashOf(row.schema_text, row.schema_references);
  return normal.equals(draft.normalHash);
}
