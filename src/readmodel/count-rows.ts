import type { ClientBase } from 'pg';
import type { TablePlan } from '../projection/table-plan.ts';
import { tableName } from './table-name.ts';

/** Number of rows in the table of a version. Reads all of it. */
export async function countRows(
  client: ClientBase,
  plan: Pick<TablePlan, 'name' | 'version'>,
): Promise<bigint> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*)::text as count from ${tableName(plan)}`,
  );
  return BigInt(rows[0]?.count ?? 0);
}
