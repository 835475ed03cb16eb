import type { Pool, PoolClient } from 'pg';
import { incompatibleSchema, refusalWords } from '../incompatible-schema.ts';
import { notPermitted, REGISTRY_ERRORS, registryRefusal } from '../registry-refusal.ts';
import type { Registration } from '../registry-store.ts';
import type { RegisteredSchema } from '../schema-registry.ts';
import { checkDraft } from './check-draft.ts';
import { exclusively } from './exclusively.ts';
import { findId, findVersion } from './find-version.ts';
import { levelOf, requireWritable } from './level-of.ts';
import { type PreparedDraft, prepareDraft } from './prepare-draft.ts';
import { referencesOf, type VersionRow, versionRows } from './version-rows.ts';

interface Wanted {
  readonly subject: string;
  readonly draft: PreparedDraft;
  readonly id: number | undefined;
  readonly version: number | undefined;
}

/**
 * Registers a schema. If the subject has it, returns that version. Otherwise, with other writers
 * locked out: 1 look again, 2 check the mode, 3 check against the level, 4 find or create the
 * schema's id, 5 add the next version.
 * @throws INCOMPATIBLE_SCHEMA, REGISTRY_REFUSED (42201, 42205)
 */
export async function registerSchema(
  pool: Pool,
  subject: string,
  registration: Registration,
): Promise<RegisteredSchema> {
  const draft = await prepareDraft(pool, subject, registration);
  const { id, version } = registration;
  const wanted = { subject, draft, id, version };
  const known = await findKnown(pool, wanted);
  if (known !== null) return registered(known);
  const made = await exclusively(pool, async (client) => {
    const since = await findKnown(client, wanted); // 1
    if (since !== null) return since;
    const mode = await requireWritable(client, subject); // 2
    requireMode(mode === 'IMPORT', wanted);
    if (mode !== 'IMPORT') await requireCompatible(client, wanted); // 3
    const given = await idOf(client, wanted); // 4
    await addVersion(client, wanted, given, mode === 'IMPORT'); // 5
    return findVersion(client, subject, draft, 'live');
  });
  if (made === null) throw new Error(`the version of ${subject} just written cannot be read`);
  return registered(made);
}

async function findKnown(
  client: Pool | PoolClient,
  { subject, draft, id, version }: Wanted,
): Promise<VersionRow | null> {
  const known = await findVersion(client, subject, draft, 'live');
  const isAsked =
    (id === undefined || known?.id === id) && (version === undefined || known?.version === version);
  return isAsked ? known : null;
}

function requireMode(isImport: boolean, { subject, id }: Wanted): void {
  if (isImport && id === undefined) {
    throw notPermitted(`Subject ${subject} is not in read-write mode`, subject);
  }
  if (!isImport && id !== undefined) {
    throw notPermitted(`Subject ${subject} is not in import mode`, subject);
  }
}

async function requireCompatible(client: PoolClient, { subject, draft }: Wanted): Promise<void> {
  const versions = await versionRows(client, subject, 'live');
  const report = await checkDraft(client, draft, versions, await levelOf(client, subject));
  if (report.compatible) return;
  const words = refusalWords(subject, report);
  throw incompatibleSchema('The registry kept in Postgres', { subject, words });
}

/** Returns the schema's existing id, the imported one, or the next one. */
async function idOf(client: PoolClient, { subject, draft, id }: Wanted): Promise<number> {
  const known = await findId(client, draft);
  if (known !== null) {
    if (id === undefined || id === known) return known;
    throw notPermitted(
      `The schema has the id ${known} here and cannot have ${id} besides`,
      subject,
    );
  }
  const { rows } = await client.query<{ id: number }>(
    `insert into reprise.registry_schemas (id, schema_text, schema_references, schema_sha256, normal_sha256)
     select coalesce($1::int, (select coalesce(max(id), 0) + 1 from reprise.registry_schemas)), $2, $3, $4, $5
     on conflict (id) do nothing returning id`,
    [
      id ?? null,
      draft.schemaText,
      JSON.stringify(draft.references),
      draft.textHash,
      draft.normalHash,
    ],
  );
  if (rows[0] !== undefined) return rows[0].id;
  throw notPermitted(`Overwrite new schema with id ${id} is not permitted.`, subject);
}

async function addVersion(
  client: PoolClient,
  { subject, version }: Wanted,
  id: number,
  isImport: boolean,
): Promise<void> {
  const all = await versionRows(client, subject, 'all');
  const next = (all.at(-1)?.version ?? 0) + 1;
  if (version !== undefined && version !== next && !isImport) {
    throw registryRefusal(
      REGISTRY_ERRORS.invalidSchema,
      `Invalid schema: version ${version} is not one more than the last version, ${next - 1}`,
      { facts: { subject, version } },
    );
  }
  const taken = all.find((row) => row.version === version || (row.id === id && !row.deleted));
  if (taken !== undefined) {
    const holder = `version ${taken.version} with id ${taken.id}`;
    throw notPermitted(`Subject ${subject} has ${holder} already`, subject);
  }
  await client.query(
    'insert into reprise.registry_versions (subject, version, id) values ($1, $2, $3)',
    [subject, version ?? next, id],
  );
}

function registered(row: VersionRow): RegisteredSchema {
  const { subject, version, id, schema_text } = row;
  return { subject, version, id, schemaText: schema_text, ...referencesOf(row) };
}
