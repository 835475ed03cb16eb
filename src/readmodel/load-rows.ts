import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { arrayParameters, parameterType } from './array-parameters.ts';
import { readPacked } from './read-packed.ts';
import type { PackedRow } from './row-set-builder.ts';
import { packedRow, planColumns, RowSetBuilder } from './row-set-builder.ts';
import { statementName } from './statement-name.ts';
import { quoted, tableName } from './table-name.ts';

/** Maximum number of keys per statement. */
const KEYS_MAX = 10_000;

/**
 * The requested rows: by the first key columns, each from a time on (ms since the epoch) or without
 * limit.
 */
export interface WantedRows {
  readonly keys: RowSet;
  readonly bound: { readonly column: string; readonly fromMs: Float64Array } | null;
}

/**
 * Loads the rows of a task with one of `keys` (the plan's key columns, or the first of them: then
 * every row with that prefix), all columns, every bit as stored; with a `bound` only those whose
 * column is not before it. Omits keys without a row; the order is undefined.
 */
export async function loadRows(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
  wanted: WantedRows,
): Promise<RowSet> {
  const { keys, bound } = wanted;
  const columns = plan.columns.filter(({ role }) => role === 'key').slice(0, keys.columns.length);
  const parameters = columns.map((column, i) => `$${i + 2}::${parameterType(column)}`);
  const matches = columns.map(({ name }, i) => `t.${quoted(name)} = k.k${i}`);
  const given = columns.map((_, i) => `k${i}`);
  if (bound !== null) {
    parameters.push(`$${columns.length + 2}::float8[]`);
    given.push('since');
    matches.push(
      `t.${quoted(bound.column)} >= to_timestamp(0) + k.since * interval '1 millisecond'`,
    );
  }
  // "offset 0" keeps the look-up per key, by the primary key, whatever the statistics of a table
  // that is being filled.
  const text = `select ${packedRow('r')}
from unnest(${parameters.join(', ')}) as k(${given.join(', ')})
cross join lateral (
  select ${planColumns(plan)} from ${tableName(plan)} as t
  where t._partition = $1::int4 and ${matches.join(' and ')} offset 0
) as r`;
  const name = statementName(text);
  const builder = new RowSetBuilder(plan);
  for (let from = 0; from < keys.count; from += KEYS_MAX) {
    const until = Math.min(from + KEYS_MAX, keys.count);
    const values: unknown[] = [
      partition,
      ...arrayParameters(columns, keys.columns, { from, until }),
      ...(bound === null ? [] : [[...bound.fromMs.subarray(from, until)]]),
    ];
    builder.add((await client.query<PackedRow>({ name, text, values })).rows);
  }
  return builder.finish();
}

/**
 * Loads the rows of a task whose `column` (a timestamptz) is later than `afterMs`, or all of them,
 * all columns, every bit as stored. Must run in a transaction.
 */
export async function loadRowsAfter(
  client: ClientBase,
  plan: TablePlan,
  options: { readonly partition: number; readonly column: string | null; readonly afterMs: number },
): Promise<RowSet> {
  const { partition, column, afterMs } = options;
  const later =
    column === null
      ? ''
      : ` and ${quoted(column)} > to_timestamp(0) + $2::float8 * interval '1 millisecond'`;
  const sql = `select ${packedRow('r')} from (
  select ${planColumns(plan)} from ${tableName(plan)}
  where _partition = $1::int4${later}
) as r`;
  return readPacked(client, plan, {
    sql,
    values: column === null ? [partition] : [partition, afterMs],
  });
}
