import type { ClientBase } from 'pg';
import { isDuplicateKey } from '../postgres/classify.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { indexSql, primaryKeySql } from './create-table.ts';
import { tableName } from './table-name.ts';

/**
 * Finishes a table created with constraints `later`: 1 primary key, 2 indexes, 3 statistics for the
 * planner. Keys that occur twice are not an error but an answer: the transaction goes on as if
 * nothing had been tried. Lifts the statement time-out for the rest of the caller's transaction.
 * `stretches`: how many stretches of rows the table holds, each in the order of the key, as
 * partitions are written; default 1.
 */
export async function addConstraints(
  client: ClientBase,
  plan: TablePlan,
  stretches = 1,
): Promise<'added' | 'duplicates'> {
  await client.query('set local statement_timeout = 0');
  await prepareBuild(client, plan, stretches);
  await client.query('savepoint before_primary_key');
  try {
    await client.query(primaryKeySql(plan)); // 1
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    await client.query('rollback to savepoint before_primary_key');
    return 'duplicates';
  }
  await client.query('release savepoint before_primary_key');
  for (const statement of indexSql(plan)) await client.query(statement); // 2
  await client.query(`alter table ${tableName(plan)} reset (parallel_workers)`);
  await client.query(`analyze ${tableName(plan)}`); // 3
  return 'added';
}

/** Processes that help to build an index, where `max_parallel_maintenance_workers` allows them. */
const BUILD_WORKERS = 2;

/**
 * An index build sorts in `maintenance_work_mem`, which its processes share. Runs that lie within
 * one stretch are sorted already and cost one pass, and a merge of few runs costs less than a sort
 * of everything: so runs are a sixth of a stretch, of 2 to 64 MB. Postgres lets others help only
 * where each has 32 MB, which is more than is good here, unless the table says how many.
 */
async function prepareBuild(client: ClientBase, plan: TablePlan, stretches: number): Promise<void> {
  const table = tableName(plan);
  await client.query(`alter table ${table} set (parallel_workers = ${BUILD_WORKERS})`);
  await client.query(
    `select set_config('maintenance_work_mem', $3 *
       least(greatest(pg_relation_size($1::regclass) / ($2::bigint * 6), 2097152), 67108864) / 1024 || 'kB', true)`,
    [table, Math.max(1, stretches), BUILD_WORKERS + 1],
  );
}
