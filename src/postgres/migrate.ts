import knexFactory, { type Knex } from 'knex';
import { migrations } from '../../migrations/index.ts';
import type { Migration } from '../../migrations/migration.ts';
import { RepriseError } from '../reprise-error.ts';

/**
 * Any constant that nothing else in this database uses: "reprise" in ASCII, truncated to
 * 53 bits.
 */
const MIGRATION_LOCK = 0x7265_7072_6973;

/**
 * Migrates the framework's tables (Postgres schema `reprise`). In one transaction: 1 take a
 * transaction-level advisory lock, so that instances that start at once wait for one another (it
 * also works through PgBouncer, and needs no table), 2 create the schema and the list of applied
 * migrations, 3 run missing migrations, 4 refuse tables that a newer version has changed
 * incompatibly; other migrations of newer versions are accepted, so that old and new instances run
 * side by side. All or nothing, safe to repeat.
 * @param database a knex instance (left open) or a url
 * @returns names of the migrations applied now. @throws DATABASE_NEWER
 */
export async function migrate(database: Knex | string): Promise<readonly string[]> {
  if (typeof database !== 'string') return migrateWith(database);
  const knex = knexFactory({ client: 'pg', connection: database, pool: { min: 0, max: 1 } });
  try {
    return await migrateWith(knex);
  } finally {
    await knex.destroy();
  }
}

function migrateWith(knex: Knex): Promise<readonly string[]> {
  return knex.transaction(async (transaction) => {
    await transaction.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]); // 1
    await transaction.raw('create schema if not exists reprise'); // 2
    const [, applied] = (await transaction.migrate.latest({
      migrationSource: sourceOf(migrations),
      schemaName: 'reprise',
      tableName: 'migrations',
      disableTransactions: true, // The outer transaction holds them all, and the lock.
      // A newer process may have migrated; refuseNewer tells when that matters.
      disableMigrationsListValidation: true,
    })) as [number, string[]]; // 3
    await refuseNewer(transaction); // 4
    return applied;
  });
}

async function refuseNewer(knex: Knex): Promise<void> {
  const rows = await knex
    .withSchema('reprise')
    .from('migrations')
    .select<{ name: string }[]>('name');
  const known = new Set(migrations.map(({ name }) => name));
  const newer = rows.find(({ name }) => !known.has(name) && name.endsWith('-breaking'));
  if (newer === undefined) return;
  throw new RepriseError(
    'DATABASE_NEWER',
    `A newer version of reprise has changed its tables (${newer.name}) in a way that this one cannot work with. Deploy the newer version here too.`,
    { facts: { migration: newer.name } },
  );
}

function sourceOf(list: readonly Migration[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: async () => [...list],
    getMigrationName: ({ name }) => name,
    getMigration: async ({ up }) => ({
      up,
      down: () => {
        throw new Error(
          'Migrations of reprise do not run backwards: restore a backup, or rebuild from the log.',
        );
      },
    }),
  };
}
