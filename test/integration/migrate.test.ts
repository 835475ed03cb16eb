import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { createUnmigratedDatabase, type TestDatabase } from '../support/test-database.ts';

let database: TestDatabase | undefined;

afterEach(async () => {
  await database?.drop();
});

it('migrates an empty database once when four instances start at once', async () => {
  database = await createUnmigratedDatabase();
  const { url } = database;
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(url)));
  expect(applied.flat()).toEqual(migrations.map(({ name }) => name));
  expect(applied.filter((names) => names.length === 0)).toHaveLength(3);
});

it('applies nothing to a migrated database', async () => {
  database = await createUnmigratedDatabase();
  await migrate(database.url);
  expect(await migrate(database.url)).toEqual([]);
});

it('works beside migrations of newer versions, unless they are breaking', async () => {
  database = await createUnmigratedDatabase();
  await migrate(database.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const apply = (name: string) =>
    client.query(
      'insert into reprise.migrations (name, batch, migration_time) values ($1, 99, now())',
      [name],
    );
  await apply('9998-more');
  expect(await migrate(database.url)).toEqual([]);
  await apply('9999-other-breaking');
  await expect(migrate(database.url)).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
  await client.end();
});

it('tells breaking migrations by their names', () => {
  for (const { name, breaking } of migrations) expect(name.endsWith('-breaking')).toBe(breaking);
});

it('comments every table of the framework for people in psql', async () => {
  database = await createUnmigratedDatabase();
  await migrate(database.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ name: string; comment: string | null }>(
    `select relname as name, obj_description(oid) as comment from pg_class
     where relnamespace = 'reprise'::regnamespace and relkind in ('r', 'p') and relname not like 'migrations%'`,
  );
  await client.end();
  expect(rows.length).toBeGreaterThanOrEqual(11);
  expect(rows.filter(({ comment }) => comment === null)).toEqual([]);
});
