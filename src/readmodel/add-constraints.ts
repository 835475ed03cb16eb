import type { ClientBase } from 'pg';
import type { TablePlan } from '../projection/table-plan.ts';
import { indexSql, primaryKeySql } from './create-table.ts';
import { raiseMemory } from './raise-memory.ts';
import { tableName } from './table-name.ts';

/**
 * Finishes a table created with constraints `later`: 1 primary key, 2 indexes, 3 statistics for the planner. Keys that occur twice are not an error but an
 * answer: the transaction goes on as if nothing had been tried. Lifts the statement time-out for the rest of the caller's transaction.
 */
export async function addConstraints(
  client: ClientBase,
  plan: TablePlan,
): Promise<'added' | 'duplicates'> {
  await client.query('set local statement_timeout = 0');
  await raiseMemory(client, 'maintenance_work_mem'); // an index build sorts in it
  await client.query('savepoint before_primary_key');
  try {
    await client.query(primaryKeySql(plan)); // 1
  } catch (error) {
    if ((error as { code?: unknown }).code !== '23505') throw error;
    await client.query('rollback to savepoint before_primary_key');
    return 'duplicates';
  }
  await client.query('release savepoint before_primary_key');
  for (const statement of indexSql(plan)) await client.query(statement); // 2
  await client.query(`analyze ${tableName(plan)}`); // 3
  return 'added';
}
