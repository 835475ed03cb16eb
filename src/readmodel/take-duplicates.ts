import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/plan/row-set.ts';
import type { ColumnType, TablePlan } from '../projection/plan/table-plan.ts';
import { raiseMemory } from './raise-memory.ts';
import type { PackedRow } from './row-set-builder.ts';
import { packedRow, planColumns, RowSetBuilder } from './row-set-builder.ts';
import { keyNames, quoted, quotedList, tableName } from './table-name.ts';

/** Rows fetched at a time, unless one key has more: limits the memory of a merge. */
const ROWS_PER_FETCH = 20_000;
/** Temporary table with the keys that occur more than once, for the rest of the transaction. */
const KEYS = 'pg_temp.reprise_duplicate_keys';

const TIMES: ReadonlySet<string> = new Set(['timestamptz', 'date'] satisfies ColumnType[]);

interface DuplicateRow extends PackedRow {
  readonly partition: number;
  /** Number of rows with its key. */
  readonly copies: number;
}

/**
 * Where duplicates of a key may be. `transactions`: only in rows of different transactions, as with
 * flushes, each of which has a key once. If the key has a time, only times with rows of several
 * transactions are then checked: few, if event time advances along the log.
 */
export type DuplicatesAmong = 'transactions' | 'all rows';

/** Rows of one task, with all rows of each key. */
export interface DuplicateSlice {
  readonly partition: number;
  readonly rows: RowSet;
}

/**
 * Removes the rows whose key occurs more than once from the table: deletes them at the start, and
 * yields them in slices in key order, all rows of a key in one slice, every bit as stored. Rows may
 * be added to the table between two slices. Must run in a transaction. Lifts the statement time-out
 * for the rest of it: there is no index yet, so all rows are read three or four times, however many
 * keys there are. `rowsPerFetch`: for tests.
 */
export async function* takeDuplicates(
  client: ClientBase,
  plan: TablePlan,
  among: DuplicatesAmong,
  rowsPerFetch = ROWS_PER_FETCH,
): AsyncGenerator<DuplicateSlice, void> {
  await client.query('set local statement_timeout = 0');
  await raiseMemory(client); // for counting keys
  const duplicateKeys = duplicateKeysSql(plan, among);
  await client.query(`create temporary table ${KEYS} on commit drop as ${duplicateKeys}`);
  await client.query(`analyze ${KEYS}`);
  // A cursor sees the table as it was when it was declared, without later deletes and inserts
  // (DECLARE, "insensitive").
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

/**
 * Returns the number of rows, from the first on, whose key is complete: all of its partition's rows
 * are there.
 */
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

function duplicateKeysSql(plan: TablePlan, among: DuplicatesAmong): string {
  const keys = quotedList(['_partition', ...keyNames(plan)]);
  const where = among === 'transactions' ? isOfSharedTime(plan) : 'true';
  return `select ${keys}, count(*)::int4 as _copies from ${tableName(plan)} where ${where} group by ${keys} having count(*) > 1`;
}

/**
 * Returns the SQL that selects rows with a time that several transactions have rows of (`xmin` is
 * the one that inserted it).
 */
function isOfSharedTime(plan: TablePlan): string {
  const time = plan.columns.find(({ role, type }) => role === 'key' && TIMES.has(type));
  if (time === undefined) return 'true';
  const columns = quotedList(['_partition', time.name]);
  return `(${columns}) in (select ${columns} from
  (select distinct ${columns}, xmin from ${tableName(plan)}) as of_transactions
  group by ${columns} having count(*) > 1)`;
}

function duplicatesSql(plan: TablePlan): string {
  const order = ['_partition', ...keyNames(plan)].map((key) => `t.${quoted(key)}`).join(', ');
  return `select ${packedRow('r')}, k._copies as copies, t._partition as partition
from ${tableName(plan)} as t join ${KEYS} as k on ${same(plan)}
cross join lateral (select ${planColumns(plan, 't')}) as r order by ${order}`;
}

/** Returns the SQL that compares the keys of `t` and `k`. */
function same(plan: TablePlan): string {
  return ['_partition', ...keyNames(plan)]
    .map((key) => `t.${quoted(key)} = k.${quoted(key)}`)
    .join(' and ');
}
