import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { RepriseError } from '../../reprise-error.ts';
import type {
  ExportedSchema,
  ExportedVersion,
  ImportReport,
  RegistryExport,
} from '../registry-export.ts';
import { exclusively } from './exclusively.ts';
import { guarded } from './guarded.ts';
import { normalHashOf, textHashOf } from './prepare-draft.ts';

/**
 * Creates the registry's identity at first use, so that copies of a database without bound topics
 * become registries of their own.
 */
async function makeIdentity(pool: Pool): Promise<void> {
  await pool.query('insert into reprise.registry_identity default values on conflict do nothing');
}

/** Returns the identity of the registry. @throws NOT_MIGRATED, REGISTRY_UNAVAILABLE */
export function readIdentity(pool: Pool): Promise<string> {
  return guarded('reading its identity', async () => {
    await makeIdentity(pool);
    const { rows } = await pool.query<{ id: string }>('select id from reprise.registry_identity');
    return rows[0]?.id ?? '';
  });
}

/**
 * Returns all schemas with their ids, subjects, versions, levels and modes, as of one snapshot.
 * @throws NOT_MIGRATED, REGISTRY_UNAVAILABLE
 */
export function exportRegistry(pool: Pool): Promise<RegistryExport> {
  return guarded('exporting it', async () => {
    await makeIdentity(pool);
    const { rows } = await pool.query<{ content: RegistryExport }>(EXPORT);
    return rows[0]?.content as RegistryExport;
  });
}

const SET_IDENTITY = `insert into reprise.registry_identity (id) values ($1)
  on conflict (only_row) do update set id = excluded.id`;

const EXPORT = `select json_build_object(
  'format', 1,
  'registry', (select id from reprise.registry_identity),
  'schemas', coalesce((select json_agg(json_build_object('id', id, 'schema', schema_text, 'references', schema_references) order by id)
     from reprise.registry_schemas), '[]'),
  'versions', coalesce((select json_agg(json_build_object('subject', subject, 'version', version, 'id', id, 'deleted', deleted_at is not null)
     order by subject, version) from reprise.registry_versions), '[]'),
  'compatibility', coalesce((select json_object_agg(subject, level) from reprise.registry_compatibility), '{}'),
  'modes', coalesce((select json_object_agg(subject, mode) from reprise.registry_modes), '{}')) as content`;

/**
 * Imports an export into the registry, all or nothing: 1 lock out other writers, 2 require that
 * existing content is also in the export, or that both are the same registry, 3 add schemas under
 * their ids, 4 add versions, levels and modes, 5 set the identity. Safe to repeat. @throws
 * REGISTRY_REFUSED for ids that are other schemas here, NOT_MIGRATED
 */
export function importRegistry(pool: Pool, given: RegistryExport): Promise<ImportReport> {
  return guarded('importing into it', () =>
    exclusively(pool, async (client) => {
      await assertFits(client, given); // 2
      let schemas = 0;
      for (const each of given.schemas) schemas += await addSchema(client, each); // 3
      let versions = 0;
      for (const each of given.versions) versions += await addVersion(client, each); // 4
      await addSettings(client, given);
      await client.query(SET_IDENTITY, [given.registry]); // 5
      return { schemas, versions };
    }),
  );
}

interface Stored {
  readonly id: number;
  readonly text: string;
}

async function assertFits(client: PoolClient, given: RegistryExport): Promise<void> {
  const { rows } = await client.query<Stored>(
    'select id, schema_text as text from reprise.registry_schemas order by id',
  );
  const identity = await client.query<{ id: string }>('select id from reprise.registry_identity');
  const isSame = identity.rows[0]?.id === given.registry;
  const texts = new Map(given.schemas.map(({ id, schema }) => [id, schema]));
  const ids = new Map(
    given.schemas.map(({ id, schema, references = [] }) => [
      schema + JSON.stringify(references),
      id,
    ]),
  );
  for (const { id, text } of rows) {
    const other = texts.get(id);
    if (other !== undefined && other !== text) throw refused(`id ${id} is another schema here`);
    const elsewhere = ids.get(`${text}[]`);
    if (elsewhere !== undefined && elsewhere !== id) {
      throw refused(`a schema that has id ${elsewhere} there has id ${id} here`);
    }
    if (other === undefined && !isSame)
      throw refused(`this is another registry, and id ${id} of it is not in the file`);
  }
}

async function addSchema(client: PoolClient, given: ExportedSchema): Promise<number> {
  const { id, schema, references = [] } = given;
  const { rowCount } = await client.query(
    `insert into reprise.registry_schemas (id, schema_text, schema_references, schema_sha256, normal_sha256)
     values ($1, $2, $3, $4, $5) on conflict (id) do nothing`,
    [
      id,
      schema,
      JSON.stringify(references),
      textHashOf(schema, references),
      normalHashIn(schema, references),
    ],
  );
  return rowCount ?? 0;
}

/**
 * Returns the normal hash of an imported text. A text that this release cannot parse still keeps
 * its id.
 */
function normalHashIn(
  schema: string,
  references: NonNullable<ExportedSchema['references']>,
): Buffer {
  try {
    return normalHashOf(schema, references);
  } catch {
    return createHash('sha256').update(schema).digest();
  }
}

async function addVersion(
  client: PoolClient,
  { subject, version, id, deleted }: ExportedVersion,
): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    'select id from reprise.registry_versions where subject = $1 and version = $2',
    [subject, version],
  );
  const [known] = rows;
  if (known !== undefined && known.id !== id) {
    throw refused(`version ${version} of ${subject} has id ${known.id} here and ${id} there`);
  }
  const { rowCount } = await client.query(
    `insert into reprise.registry_versions (subject, version, id, deleted_at)
     values ($1, $2, $3, case when $4 then now() end) on conflict (subject, version) do nothing`,
    [subject, version, id, deleted],
  );
  return rowCount ?? 0;
}

async function addSettings(
  client: PoolClient,
  { compatibility, modes }: RegistryExport,
): Promise<void> {
  for (const [subject, level] of Object.entries(compatibility)) {
    await client.query(
      `insert into reprise.registry_compatibility (subject, level) values ($1, $2)
       on conflict (subject) do update set level = excluded.level`,
      [subject, level],
    );
  }
  for (const [subject, mode] of Object.entries(modes)) {
    await client.query(
      `insert into reprise.registry_modes (subject, mode) values ($1, $2)
       on conflict (subject) do update set mode = excluded.mode`,
      [subject, mode],
    );
  }
}

function refused(what: string): RepriseError {
  return new RepriseError(
    'REGISTRY_REFUSED',
    `Nothing was imported: ${what}. Records tell schemas by their ids, so these cannot be changed. Import into a database whose registry is empty: create one, run \`reprise migrate\`, then import.`,
  );
}
