import type { ClientBase } from 'pg';
import type { Plan } from '../../projection/plan/plan.ts';
import { createTable } from '../../readmodel/create-table.ts';
import { swapView } from '../../readmodel/swap-view.ts';
import { tableName } from '../../readmodel/table-name.ts';

/**
 * Creates every table of a version. `later`: without the constraints of the read model, which a
 * rebuild adds at its end.
 */
export async function createTables(
  client: ClientBase,
  plan: Plan,
  constraints: 'now' | 'later',
): Promise<void> {
  for (const table of plan.tables) await createTable(client, table, { constraints });
}

/**
 * Points every stable view of a projection at this version's tables. If topics have added
 * partitions, the views merge.
 */
export async function swapViews(
  client: ClientBase,
  plan: Pick<Plan, 'name' | 'tables'>,
): Promise<void> {
  const { rows } = await client.query<{ added: boolean }>(
    'select partitions_grew as added from reprise.projections where projection = $1',
    [plan.name],
  );
  for (const table of plan.tables) {
    if (table.view !== null) await swapView(client, table, rows[0]?.added ?? false);
  }
}

/**
 * Drops a version: its tables, and all its rows in the framework's tables. Instances that still run
 * it are fenced.
 */
export async function dropVersion(
  client: ClientBase,
  of: { readonly projection: string; readonly version: number; readonly tables: Plan['tables'] },
): Promise<void> {
  for (const table of of.tables) {
    await client.query(`drop table if exists ${tableName({ ...table, version: of.version })}`);
  }
  // Events that are no longer held are published even after their version is dropped.
  await client.query('delete from reprise.outbox where projection = $1 and version = $2 and held', [
    of.projection,
    of.version,
  ]);
  for (const name of OF_VERSIONS) {
    await client.query(`delete from reprise.${name} where projection = $1 and version = $2`, [
      of.projection,
      of.version,
    ]);
  }
}

/** Tables of the framework with rows of a version. */
const OF_VERSIONS = [
  'projection_versions', // before the tasks: acquiring a task reads its version first
  'tasks',
  'checkpoints',
  'journal',
  'dead_letters',
  'late_events',
  'covered_time',
  'covered_offsets',
  'uncovered_records',
] as const;
