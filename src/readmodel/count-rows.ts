import type { ClientBase } from 'pg';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { tableName } from './table-name.ts';

/** Counts the rows in the table of a version, at most `limit`. Reads all of them. */
export async function countRows(
  client: ClientBase,
  plan: Pick<TablePlan, 'name' | 'version'>,
  limit: number | null = null,
): Promise<bigint> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*)::text as count from (select from ${tableName(plan)} limit $1) counted`,
    [limit],
  );
  return BigInt(rows[0]?.count ?? 0);
}
