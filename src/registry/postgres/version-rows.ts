import type { Pool, PoolClient } from 'pg';
import type { StoredVersion, VersionScope } from '../registry-store.ts';
import type { SchemaReference } from '../schema-registry.ts';

/** A pool or a client: anything that runs queries. */
export type Queryable = Pool | PoolClient;

/**
 * A reference with the id of its schema: versions may be deleted and their numbers reused, ids
 * never.
 */
export interface StoredReference extends SchemaReference {
  readonly id: number;
}

/** A version with its schema, as a row of the query. */
export interface VersionRow {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema_text: string;
  readonly schema_references: readonly StoredReference[];
  readonly deleted: boolean;
}

/** Selects the columns of a `VersionRow` from both tables. */
export const SELECT_VERSIONS = `select subject, version, id, schema_text, schema_references, deleted_at is not null as deleted
  from reprise.registry_versions join reprise.registry_schemas using (id)`;

const IN_SCOPE: Readonly<Record<VersionScope, string>> = {
  live: 'deleted_at is null',
  deleted: 'deleted_at is not null',
  all: 'true',
};

/** Returns the SQL condition of a scope. */
export function inScope(scope: VersionScope): string {
  return IN_SCOPE[scope];
}

/** Returns the versions of a subject, oldest first. */
export async function versionRows(
  client: Queryable,
  subject: string,
  scope: VersionScope,
): Promise<readonly VersionRow[]> {
  const { rows } = await client.query<VersionRow>(
    `${SELECT_VERSIONS} where subject = $1 and ${inScope(scope)} order by version`,
    [subject],
  );
  return rows;
}

/** Converts a row to a `StoredVersion`. */
export function storedVersion(row: VersionRow): StoredVersion {
  const { subject, version, id, schema_text, deleted } = row;
  return { subject, version, id, schemaText: schema_text, ...referencesOf(row), deleted };
}

/** Returns the references without ids; no property if there are none. */
export function referencesOf(row: Pick<VersionRow, 'schema_references'>): {
  readonly references?: readonly SchemaReference[];
} {
  if (row.schema_references.length === 0) return {};
  return {
    references: row.schema_references.map(({ name, subject, version }) => ({
      name,
      subject,
      version,
    })),
  };
}
