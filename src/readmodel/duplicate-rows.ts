import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/row-set.ts';
import type { TablePlan } from '../projection/table-plan.ts';
import { readPacked } from './read-packed.ts';
import { packedRow, planColumns } from './row-set-builder.ts';
import { keyNames, quotedList, tableName } from './table-name.ts';

/**
 * Loads the rows of a task whose key occurs more than once, all of them, every bit as stored. Must run in a transaction; lifts the statement time-out for the rest
 * of it, since there is no index yet and all rows are looked at.
 */
export async function loadDuplicates(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
): Promise<RowSet> {
  await client.query('set local statement_timeout = 0');
  const sql = `select ${packedRow('r')} from (
  select ${planColumns(plan)} from ${tableName(plan)}
  where ${isDuplicate(plan)}
) as r`;
  return readPacked(client, plan, { sql, values: [partition] });
}

/** Deletes the rows that `loadDuplicates` loads. Must run in a transaction; lifts the statement time-out for the rest of it. */
export async function deleteDuplicates(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
): Promise<void> {
  await client.query('set local statement_timeout = 0');
  await client.query(`delete from ${tableName(plan)} where ${isDuplicate(plan)}`, [partition]);
}

function isDuplicate(plan: TablePlan): string {
  const keys = quotedList(keyNames(plan));
  return `_partition = $1::int4 and (${keys}) in (
  select ${keys} from ${tableName(plan)} where _partition = $1::int4 group by ${keys} having count(*) > 1
)`;
}
