import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { arrayParameters, parameterType } from './array-parameters.ts';
import { statementName } from './statement-name.ts';
import { quoted, tableName } from './table-name.ts';

/** Maximum number of keys per statement. */
const KEYS_MAX = 10_000;

/**
 * Deletes the rows of a task with the given keys (`keys` has only the plan's key columns). Ignores
 * keys without a row.
 */
export async function deleteRows(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
  keys: RowSet,
): Promise<void> {
  const columns = plan.columns.filter(({ role }) => role === 'key');
  const parameters = columns.map((column, i) => `$${i + 2}::${parameterType(column)}`);
  const matches = columns.map(({ name }, i) => `t.${quoted(name)} = k.k${i}`);
  const text = `delete from ${tableName(plan)} as t
using unnest(${parameters.join(', ')}) as k(${columns.map((_, i) => `k${i}`).join(', ')})
where t._partition = $1::int4 and ${matches.join(' and ')}`;
  const name = statementName(text);
  for (let from = 0; from < keys.count; from += KEYS_MAX) {
    const until = Math.min(from + KEYS_MAX, keys.count);
    const values = [partition, ...arrayParameters(columns, keys.columns, { from, until })];
    await client.query({ name, text, values });
  }
}
