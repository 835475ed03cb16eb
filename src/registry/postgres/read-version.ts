import { unknownSchemaId, unknownSubject, unknownVersion } from '../registry-refusal.ts';
import type { StoredVersion, VersionScope } from '../registry-store.ts';
import {
  inScope,
  type Queryable,
  SELECT_VERSIONS,
  storedVersion,
  type VersionRow,
} from './version-rows.ts';

/**
 * Returns one version of a subject. If the scope includes deleted versions, `latest` is the latest
 * live one if there is one. @throws UNKNOWN_SUBJECT, REGISTRY_REFUSED (40402)
 */
export async function readVersion(
  client: Queryable,
  subject: string,
  wanted: number | 'latest',
  scope: VersionScope,
): Promise<StoredVersion> {
  const { rows } = await client.query<VersionRow>(
    `${SELECT_VERSIONS} where subject = $1 and ${inScope(scope)} and ($2::int is null or version = $2)
     order by deleted_at is not null, version desc limit 1`,
    [subject, wanted === 'latest' ? null : wanted],
  );
  if (rows[0] !== undefined) return storedVersion(rows[0]);
  if (wanted === 'latest' || !(await hasVersions(client, subject, scope))) {
    throw unknownSubject(subject);
  }
  throw unknownVersion(subject, wanted);
}

async function hasVersions(
  client: Queryable,
  subject: string,
  scope: VersionScope,
): Promise<boolean> {
  const { rows } = await client.query(
    `select from reprise.registry_versions where subject = $1 and ${inScope(scope)} limit 1`,
    [subject],
  );
  return rows.length > 0;
}

/** Returns the subjects with versions in scope, sorted. */
export async function readSubjects(
  client: Queryable,
  scope: VersionScope,
  prefix = '',
): Promise<readonly string[]> {
  // A subject is deleted if none of its versions is live.
  const onlyDeleted = scope === 'deleted' ? 'having bool_and(deleted_at is not null)' : '';
  const { rows } = await client.query<{ subject: string }>(
    `select subject from reprise.registry_versions
     where ${inScope(scope === 'deleted' ? 'all' : scope)} and starts_with(subject, $1)
     group by subject ${onlyDeleted} order by subject collate "C"`,
    [prefix],
  );
  return rows.map(({ subject }) => subject);
}

/** Returns the subjects and versions that have a schema, sorted. */
export async function readUses(
  client: Queryable,
  id: number,
  scope: VersionScope,
): Promise<readonly { readonly subject: string; readonly version: number }[]> {
  const { rows } = await client.query<{ subject: string; version: number }>(
    `select subject, version from reprise.registry_versions where id = $1 and ${inScope(scope)}
     order by subject collate "C", version`,
    [id],
  );
  return rows;
}

/**
 * Returns the ids of schemas that refer to a version and have versions in scope themselves,
 * ascending.
 */
export async function readReferrers(
  client: Queryable,
  { subject, version, id }: Pick<StoredVersion, 'subject' | 'version' | 'id'>,
  scope: VersionScope,
): Promise<readonly number[]> {
  const { rows } = await client.query<{ id: number }>(
    `select distinct id from reprise.registry_versions join reprise.registry_schemas using (id)
     where schema_references @> $1::jsonb and ${inScope(scope)} order by id`,
    [JSON.stringify([{ subject, version, id }])],
  );
  return rows.map((row) => row.id);
}

/**
 * Returns the schema of an id if any version, live or soft-deleted, has it. @throws
 * UNKNOWN_SCHEMA_ID
 */
export async function readSchema(
  client: Queryable,
  id: number,
): Promise<Pick<VersionRow, 'id' | 'schema_text' | 'schema_references'>> {
  // Ids come from records and may be any four bytes: none outside int4 exists.
  const { rows } =
    Number.isInteger(id) && id > 0 && id <= 0x7fff_ffff
      ? await client.query<VersionRow>(
          `select id, schema_text, schema_references from reprise.registry_schemas
           where id = $1 and exists (select from reprise.registry_versions v where v.id = $1)`,
          [id],
        )
      : { rows: [] };
  if (rows[0] !== undefined) return rows[0];
  throw unknownSchemaId(id);
}
