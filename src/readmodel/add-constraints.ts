import type { ClientBase } from 'pg';
import { isDuplicateKey } from '../postgres/classify.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { indexSql, primaryKeySql } from './create-table.ts';
import { tableName } from './table-name.ts';

/**
 * Finishes a table created with constraints `later`: 1 primary key, 2 indexes, 3 statistics for the
 * planner. Duplicate keys are returned as a result, not thrown: the transaction continues as if
 * nothing had been tried. Lifts the statement time-out for the rest of the caller's transaction.
 * `stretches`: number of ranges of rows in the table that are each in key order, as partitions are
 * written; default 1.
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

/** Worker processes for building an index, if `max_parallel_maintenance_workers` allows them. */
const BUILD_WORKERS = 2;

/**
 * Sets memory and workers of an index build. It sorts in `maintenance_work_mem`, which its
 * processes share. Sort runs within one ordered range are sorted already and cost one pass, and
 * merging few runs costs less than sorting everything: so a run is a sixth of a range, of 2 to 64
 * MB. Postgres allows workers only if each has 32 MB, which is more than is good here, unless the
 * table sets their number.
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
