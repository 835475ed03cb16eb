import type { ClientBase } from 'pg';
import type { RowSet } from '../projection/row-set.ts';
import type { TablePlan } from '../projection/table-plan.ts';
import type { PackedRow } from './row-set-builder.ts';
import { packedRow, planColumns, RowSetBuilder } from './row-set-builder.ts';
import { keyNames, quoted, quotedList, tableName } from './table-name.ts';

/** Rows fetched at a time, unless one key has more: bounds the memory of a merge. */
const ROWS_PER_FETCH = 20_000;

interface DuplicateRow extends PackedRow {
  /** Rows that share its key. */
  readonly copies: number;
}

/**
 * Takes the rows of a task whose key occurs more than once out of the table: they are deleted at the start, and given in slices in the order of the key, all rows of a key in one slice, every
 * bit as stored. Rows may be added to the table between two slices. Must run in a transaction; lifts the statement time-out for the rest of it, since there is no index yet and
 * all rows are looked at. `rowsPerFetch`: for tests.
 */
export async function* takeDuplicates(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
  rowsPerFetch = ROWS_PER_FETCH,
): AsyncGenerator<RowSet, void> {
  await client.query('set local statement_timeout = 0');
  // A cursor sees the table as it was when it was declared: neither what is deleted nor what is added afterwards shows in it (DECLARE, "insensitive").
  await client.query('set local cursor_tuple_fraction = 1');
  await client.query(`declare duplicate_rows no scroll cursor for ${duplicatesSql(plan)}`, [
    partition,
  ]);
  await client.query(`delete from ${tableName(plan)} where ${isDuplicate(plan)}`, [partition]);
  let rows: readonly DuplicateRow[] = [];
  for (;;) {
    const fetched = await client.query<DuplicateRow>(
      `fetch ${Math.max(rowsPerFetch, rows[0]?.copies ?? 0)} from duplicate_rows`,
    );
    if (fetched.rows.length === 0) break;
    rows = [...rows, ...fetched.rows];
    const whole = wholeKeys(rows);
    if (whole > 0) yield rowSetOf(plan, rows.slice(0, whole));
    rows = rows.slice(whole);
  }
  await client.query('close duplicate_rows');
}

/** How many rows from the first on belong to keys all of whose rows are there. */
function wholeKeys(rows: readonly DuplicateRow[]): number {
  let whole = 0;
  for (let next = rows[0]; next !== undefined; next = rows[whole]) {
    if (whole + next.copies > rows.length) break;
    whole += next.copies;
  }
  return whole;
}

function rowSetOf(plan: TablePlan, rows: readonly PackedRow[]): RowSet {
  const builder = new RowSetBuilder(plan);
  builder.add(rows);
  return builder.finish();
}

function duplicatesSql(plan: TablePlan): string {
  const keys = keyNames(plan);
  return `select ${packedRow('r')}, s._copies as copies from (
  select *, (count(*) over (partition by ${quotedList(keys)}))::int4 as _copies
  from ${tableName(plan)} where _partition = $1::int4
) as s cross join lateral (select ${planColumns(plan)}) as r
where s._copies > 1 order by ${keys.map((key) => `s.${quoted(key)}`).join(', ')}`;
}

function isDuplicate(plan: TablePlan): string {
  const keys = quotedList(keyNames(plan));
  return `_partition = $1::int4 and (${keys}) in (
  select ${keys} from ${tableName(plan)} where _partition = $1::int4 group by ${keys} having count(*) > 1
)`;
}
