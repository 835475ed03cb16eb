import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/row-set.ts';
import type { TablePlan } from '../projection/table-plan.ts';
import { raiseMemory } from './raise-memory.ts';
import type { PackedRow } from './row-set-builder.ts';
import { packedRow, planColumns, RowSetBuilder } from './row-set-builder.ts';
import { keyNames, quoted, quotedList, tableName } from './table-name.ts';

/** Rows fetched at a time, unless one key has more: bounds the memory of a merge. */
const ROWS_PER_FETCH = 20_000;
/** Where the keys that occur more than once are, for the rest of the transaction. */
const KEYS = 'pg_temp.reprise_duplicate_keys';

interface DuplicateRow extends PackedRow {
  readonly partition: number;
  /** Rows that share its key. */
  readonly copies: number;
}

/** Rows of one task, all of each key. */
export interface DuplicateSlice {
  readonly partition: number;
  readonly rows: RowSet;
}

/**
 * Takes the rows whose key occurs more than once out of the table: they are deleted at the start, and given in slices in the order of the key, all rows of a key in one slice, every
 * bit as stored. Rows may be added to the table between two slices. Must run in a transaction; lifts the statement time-out for the rest of it, since there is no index yet and
 * all rows are looked at: three times, however many keys there are. `rowsPerFetch`: for tests.
 */
export async function* takeDuplicates(
  client: ClientBase,
  plan: TablePlan,
  rowsPerFetch = ROWS_PER_FETCH,
): AsyncGenerator<DuplicateSlice, void> {
  await client.query('set local statement_timeout = 0');
  await raiseMemory(client, 'work_mem'); // keys are counted in it
  await client.query(`create temporary table ${KEYS} on commit drop as ${duplicateKeysSql(plan)}`);
  await client.query(`analyze ${KEYS}`);
  // A cursor sees the table as it was when it was declared: neither what is deleted nor what is added afterwards shows in it (DECLARE, "insensitive").
  await client.query('set local cursor_tuple_fraction = 1');
  await client.query(`declare duplicate_rows no scroll cursor for ${duplicatesSql(plan)}`);
  await client.query(`delete from ${tableName(plan)} as t using ${KEYS} as k where ${same(plan)}`);
  let rows: readonly DuplicateRow[] = [];
  for (;;) {
    const fetched = await client.query<DuplicateRow>(
      `fetch ${Math.max(rowsPerFetch, rows[0]?.copies ?? 0)} from duplicate_rows`,
    );
    if (fetched.rows.length === 0) break;
    rows = [...rows, ...fetched.rows];
    for (let whole = wholeKeys(rows); whole > 0; whole = wholeKeys(rows)) {
      yield sliceOf(plan, rows.slice(0, whole));
      rows = rows.slice(whole);
    }
  }
  await client.query('close duplicate_rows');
  await client.query(`drop table ${KEYS}`);
}

/** How many rows from the first on belong to keys of its partition all of whose rows are there. */
function wholeKeys(rows: readonly DuplicateRow[]): number {
  const partition = rows[0]?.partition;
  let whole = 0;
  for (
    let next = rows[0];
    next?.partition === partition && next !== undefined;
    next = rows[whole]
  ) {
    if (whole + next.copies > rows.length) break;
    whole += next.copies;
  }
  return whole;
}

function sliceOf(plan: TablePlan, rows: readonly DuplicateRow[]): DuplicateSlice {
  const builder = new RowSetBuilder(plan);
  builder.add(rows);
  return { partition: (rows[0] as DuplicateRow).partition, rows: builder.finish() };
}

function duplicateKeysSql(plan: TablePlan): string {
  const keys = quotedList(['_partition', ...keyNames(plan)]);
  return `select ${keys}, count(*)::int4 as _copies from ${tableName(plan)} group by ${keys} having count(*) > 1`;
}

function duplicatesSql(plan: TablePlan): string {
  const order = ['_partition', ...keyNames(plan)].map((key) => `t.${quoted(key)}`).join(', ');
  return `select ${packedRow('r')}, k._copies as copies, t._partition as partition
from ${tableName(plan)} as t join ${KEYS} as k on ${same(plan)}
cross join lateral (select ${planColumns(plan, 't')}) as r order by ${order}`;
}

/** A row of `t` has a key of `k`. */
function same(plan: TablePlan): string {
  return ['_partition', ...keyNames(plan)]
    .map((key) => `t.${quoted(key)} = k.${quoted(key)}`)
    .join(' and ');
}
