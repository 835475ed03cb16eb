import type { Pool, PoolClient } from 'pg';
import { checkHistory } from '../../avro/check-history.ts';
import { parseSchema } from '../../avro/parse-schema.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { incompatibleSchema, refusalWords } from '../incompatible-schema.ts';
import type { CompatibilityLevel, RegisteredSchema, SchemaRegistry } from '../schema-registry.ts';

/** The row of `registry_compatibility` that holds for subjects without a level of their own. */
const GLOBAL = '';

interface VersionRow {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema_text: string;
}

const VERSIONS = `select subject, version, id, schema_text
  from reprise.registry_versions join reprise.registry_schemas using (id) where subject = $1`;

/**
 * A schema registry in Postgres tables: texts verbatim, one global id per text, versions from 1 per subject. It stores compatibility levels
 * (global default BACKWARD_TRANSITIVE) and refuses texts that break them.
 * The pool stays the caller's.
 */
export function createPostgresRegistry({ pool }: { readonly pool: Pool }): SchemaRegistry {
  return {
    kind: 'postgres',
    register: (subject, schemaText) =>
      guarded(`registering a schema of ${subject}`, () => register(pool, subject, schemaText)),
    schemaById: (id) => guarded(`reading schema ${id}`, () => schemaById(pool, id)),
    latest: (subject) => guarded(`reading ${subject}`, () => latest(pool, subject)),
    versions: (subject) => guarded(`reading ${subject}`, () => versionsOf(pool, subject)),
    compatibility: (subject) =>
      guarded(`reading the level of ${subject}`, () => levelOf(pool, subject)),
    setCompatibility: (subject, level) =>
      guarded(`setting the level of ${subject}`, async () => {
        requireSubject(subject);
        await pool.query(
          `insert into reprise.registry_compatibility (subject, level) values ($1, $2)
           on conflict (subject) do update set level = excluded.level`,
          [subject, level],
        );
      }),
    close: async () => undefined,
  };
}

/** Text known in the subject: its version. Otherwise in one transaction: 1 lock, 2 look again, 3 check against the level, 4 id of the text, 5 next version. @throws INCOMPATIBLE_SCHEMA */
async function register(
  pool: Pool,
  subject: string,
  schemaText: string,
): Promise<RegisteredSchema> {
  requireSubject(subject);
  requireSchema(subject, schemaText);
  const known = await findVersion(pool, subject, schemaText);
  if (known !== null) return known;
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const version = await registerLocked(client, subject, schemaText);
    await client.query('commit');
    return version;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

async function registerLocked(
  client: PoolClient,
  subject: string,
  schemaText: string,
): Promise<RegisteredSchema> {
  // Registrations are rare: one at a time keeps ids and versions gapless without retries. Readers are not held up.
  await client.query('lock table reprise.registry_schemas in share row exclusive mode'); // 1
  const known = await findVersion(client, subject, schemaText); // 2
  if (known !== null) return known;
  await requireCompatible(client, subject, schemaText); // 3
  await client.query(
    `insert into reprise.registry_schemas (id, schema_text, schema_sha256)
     select coalesce(max(id), 0) + 1, $1::text, sha256(convert_to($1::text, 'UTF8')) from reprise.registry_schemas
     on conflict (schema_sha256) do nothing`,
    [schemaText],
  ); // 4
  await client.query(
    `insert into reprise.registry_versions (subject, version, id)
     select $1::text,
       (select coalesce(max(version), 0) + 1 from reprise.registry_versions where subject = $1::text),
       (select id from reprise.registry_schemas where schema_sha256 = sha256(convert_to($2::text, 'UTF8')))`,
    [subject, schemaText],
  ); // 5
  const made = await findVersion(client, subject, schemaText);
  if (made === null) throw new Error(`the version of ${subject} just written cannot be read`);
  return made;
}

async function requireCompatible(
  client: PoolClient,
  subject: string,
  schemaText: string,
): Promise<void> {
  const mode = await levelOf(client, subject);
  const history = (await versionsOf(client, subject)).map((version) => version.schemaText);
  const report = checkHistory({ history, next: schemaText, mode });
  if (report.compatible) return;
  const words = refusalWords(subject, report);
  throw incompatibleSchema('The registry kept in Postgres', { subject, words });
}

async function versionsOf(
  client: Pool | PoolClient,
  subject: string,
): Promise<readonly RegisteredSchema[]> {
  const { rows } = await client.query<VersionRow>(`${VERSIONS} order by version`, [subject]);
  return rows.map(registered);
}

async function levelOf(client: Pool | PoolClient, subject: string): Promise<CompatibilityLevel> {
  const { rows } = await client.query<{ level: CompatibilityLevel }>(
    `select level from reprise.registry_compatibility where subject in ($1, '${GLOBAL}')
     order by subject = '${GLOBAL}' limit 1`,
    [subject],
  );
  return rows[0]?.level ?? 'BACKWARD_TRANSITIVE';
}

async function findVersion(
  client: Pool | PoolClient,
  subject: string,
  schemaText: string,
): Promise<RegisteredSchema | null> {
  const { rows } = await client.query<VersionRow>(
    `${VERSIONS} and schema_sha256 = sha256(convert_to($2::text, 'UTF8'))`,
    [subject, schemaText],
  );
  return rows[0] === undefined ? null : registered(rows[0]);
}

async function schemaById(pool: Pool, id: number): Promise<string> {
  // Ids come out of records, four bytes of anything: outside int4 there is nothing to ask.
  const { rows } =
    Number.isInteger(id) && id > 0 && id <= 0x7fff_ffff
      ? await pool.query<{ schema_text: string }>(
          'select schema_text from reprise.registry_schemas where id = $1',
          [id],
        )
      : { rows: [] };
  if (rows[0] !== undefined) return rows[0].schema_text;
  throw new RepriseError(
    'UNKNOWN_SCHEMA_ID',
    `There is no schema ${id} in the registry kept in Postgres. Register it, or check that the records were written with this registry.`,
    { facts: { schemaId: id } },
  );
}

async function latest(pool: Pool, subject: string): Promise<RegisteredSchema> {
  const { rows } = await pool.query<VersionRow>(`${VERSIONS} order by version desc limit 1`, [
    subject,
  ]);
  if (rows[0] !== undefined) return registered(rows[0]);
  throw new RepriseError(
    'UNKNOWN_SUBJECT',
    `There is no subject ${subject} in the registry kept in Postgres. Register its schema (setUp), or correct the name.`,
    { facts: { subject } },
  );
}

function registered({ subject, version, id, schema_text }: VersionRow): RegisteredSchema {
  return { subject, version, id, schemaText: schema_text };
}

function requireSubject(subject: string): void {
  if (subject !== GLOBAL) return;
  throw new RepriseError('REGISTRY_REFUSED', 'A subject needs a name: it was given an empty one.');
}

function requireSchema(subject: string, schemaText: string): void {
  try {
    parseSchema(schemaText, `the schema of ${subject}`);
  } catch (cause) {
    if (!isRepriseError(cause, 'SCHEMA_INVALID')) throw cause;
    throw new RepriseError('REGISTRY_REFUSED', cause.message, { cause, facts: { subject } });
  }
}

async function guarded<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RepriseError) throw error;
    const { code } = error as { code?: string };
    if (code === '42P01' || code === '3F000') {
      throw new RepriseError(
        'NOT_MIGRATED',
        `The registry's tables are not in this database (${doing}). Run the migrations: reprise migrate, or setUp().`,
        { cause: error },
      );
    }
    throw new RepriseError(
      'REGISTRY_UNAVAILABLE',
      `The registry kept in Postgres failed (${doing}): ${(error as Error).message}. Check that the database can be reached.`,
      { cause: error, retriable: code === undefined || !/^(22|23|42)/.test(code) },
    );
  }
}
