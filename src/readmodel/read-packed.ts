import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import type { PackedRow } from './row-set-builder.ts';
import { RowSetBuilder } from './row-set-builder.ts';

/** Rows fetched at a time: they are in memory as text, beside the typed columns. */
const ROWS_PER_FETCH = 20_000;

/**
 * Runs a query that selects `packedRow` through a cursor, so that only one fetch is in memory
 * twice. Must run in a transaction.
 */
export async function readPacked(
  client: ClientBase,
  plan: TablePlan,
  query: { readonly sql: string; readonly values: readonly unknown[] },
): Promise<RowSet> {
  // All rows will be fetched: the plan must not be optimized for the first tenth.
  await client.query('set local cursor_tuple_fraction = 1');
  await client.query(`declare packed_rows no scroll cursor for ${query.sql}`, [...query.values]);
  const builder = new RowSetBuilder(plan);
  for (;;) {
    const { rows } = await client.query<PackedRow>(`fetch ${ROWS_PER_FETCH} from packed_rows`);
    builder.add(rows);
    if (rows.length < ROWS_PER_FETCH) break;
  }
  await client.query('close packed_rows');
  return builder.finish();
}
