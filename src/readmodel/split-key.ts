import type { ClientBase } from 'pg';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { quotedList, tableName } from './table-name.ts';

/**
 * Returns a key with rows of several partitions in the table of a version, as JSON text; null if
 * there is none. Reads the index or the whole table.
 */
export async function splitKey(
  client: ClientBase,
  plan: Pick<TablePlan, 'name' | 'version'>,
  keyColumns: readonly string[],
): Promise<string | null> {
  const columns = quotedList(keyColumns);
  const { rows } = await client.query<{ key: string }>(
    `select jsonb_build_array(${columns})::text as key from ${tableName(plan)}
     group by ${columns} having min(_partition) <> max(_partition) limit 1`,
  );
  return rows[0]?.key ?? null;
}
