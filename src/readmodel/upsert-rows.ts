import type { ClientBase } from 'pg';
import type { TableRows } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { arrayParameters, parameterType } from './array-parameters.ts';
import { primaryKey } from './create-table.ts';
import { statementName } from './statement-name.ts';
import { quoted, quotedList, tableName } from './table-name.ts';

/**
 * Rows per statement: enough that the round trip does not matter, few enough that parameters are a
 * few MB.
 */
const ROWS_MAX = 10_000;

/**
 * Inserts rows, replacing those with the same key: all columns except the key get the new values.
 * Keys must be unique within `rows`, as in a RowSet: ON CONFLICT cannot update a row twice. Needs
 * the table's primary key.
 */
export async function upsertRows(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
  rows: TableRows,
): Promise<void> {
  const text = upsertSql(plan);
  const name = statementName(text);
  for (let from = 0; from < rows.count; from += ROWS_MAX) {
    const until = Math.min(from + ROWS_MAX, rows.count);
    const values = [partition, ...arrayParameters(plan.columns, rows.columns, { from, until })];
    await client.query({ name, text, values });
  }
}

function upsertSql(plan: TablePlan): string {
  const names = plan.columns.map(({ name }) => name);
  const parameters = plan.columns.map((column, i) => `$${i + 2}::${parameterType(column)}`);
  const given = plan.columns.map(({ type }, i) =>
    type === 'float8[]' ? `u.c${i}::${type}` : `u.c${i}`,
  );
  const replaced = plan.columns
    .filter(({ role }) => role !== 'key')
    .map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`);
  return `insert into ${tableName(plan)} (_partition, ${quotedList(names)})
select $1::int4, ${given.join(', ')}
from unnest(${parameters.join(', ')}) as u(${names.map((_, i) => `c${i}`).join(', ')})
on conflict (${quotedList(primaryKey(plan))})
do ${replaced.length === 0 ? 'nothing' : `update set ${replaced.join(', ')}`}`;
}
