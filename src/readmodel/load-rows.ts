import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/row-set.ts';
import type { TablePlan } from '../projection/table-plan.ts';
import { arrayParameters, parameterType } from './array-parameter.ts';
import { readPacked } from './read-packed.ts';
import type { PackedRow } from './row-set-builder.ts';
import { packedRow, planColumns, RowSetBuilder } from './row-set-builder.ts';
import { statementName } from './statement-name.ts';
import { quoted, tableName } from './table-name.ts';

/** Keys per statement. */
const KEYS_MAX = 10_000;

/**
 * Loads the rows of a task that have one of `keys` (whose columns are the plan's key columns only), all columns, every bit as stored. Keys without a row
 * are left out; the order is not defined.
 */
export async function loadRows(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
  keys: RowSet,
): Promise<RowSet> {
  const columns = plan.columns.filter(({ role }) => role === 'key');
  const parameters = columns.map((column, i) => `$${i + 2}::${parameterType(column)}`);
  const matches = columns.map(({ name }, i) => `t.${quoted(name)} = k.k${i}`);
  // "offset 0" keeps the look-up per key, by the primary key, whatever the statistics say of a table that is being filled.
  const text = `select ${packedRow('r')}
from unnest(${parameters.join(', ')}) as k(${columns.map((_, i) => `k${i}`).join(', ')})
cross join lateral (
  select ${planColumns(plan)} from ${tableName(plan)} as t
  where t._partition = $1::int4 and ${matches.join(' and ')} offset 0
) as r`;
  const name = statementName(text);
  const builder = new RowSetBuilder(plan);
  for (let from = 0; from < keys.count; from += KEYS_MAX) {
    const until = Math.min(from + KEYS_MAX, keys.count);
    const values = [partition, ...arrayParameters(columns, keys.columns, { from, until })];
    builder.add((await client.query<PackedRow>({ name, text, values })).rows);
  }
  return builder.finish();
}

/** Loads the rows of a task whose `column` (a timestamptz) is later than `afterMs`, all columns, every bit as stored. Must run in a transaction. */
export async function loadRowsAfter(
  client: ClientBase,
  plan: TablePlan,
  options: { readonly partition: number; readonly column: string; readonly afterMs: number },
): Promise<RowSet> {
  const { partition, column, afterMs } = options;
  const sql = `select ${packedRow('r')} from (
  select ${planColumns(plan)} from ${tableName(plan)}
  where _partition = $1::int4 and ${quoted(column)} > to_timestamp(0) + $2::float8 * interval '1 millisecond'
) as r`;
  return readPacked(client, plan, { sql, values: [partition, afterMs] });
}
