import { Decimal } from '../../event/decimal.ts';
import type { ColumnValues, RowSet } from '../../projection/row-set.ts';
import type { ColumnPlan, TablePlan } from '../../projection/table-plan.ts';
import { toRowSet, valueAt, valueFault } from '../column-values.ts';

/** Rows kept in memory at most between flushes. */
const ROWS_MAX = 200_000;

/** The primary key of a row. `text` tells keys apart. */
export interface TableKey {
  /** Index in the plan's tables. */
  readonly table: number;
  readonly values: readonly unknown[];
  readonly text: string;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * The rows of one table in memory, as handlers see them: by declared names, frozen; null: there is none. What the record under way sets is staged, and kept or
 * undone as a whole.
 */
export class KeyedRows {
  readonly plan: TablePlan;
  readonly keyColumns: readonly ColumnPlan[];
  readonly #rows = new Map<string, Row | null>();
  readonly #staged = new Map<string, { readonly key: TableKey; readonly row: Row | null }>();
  readonly #changed = new Map<string, TableKey>();
  readonly #wanted = new Map<string, TableKey>();

  constructor(plan: TablePlan) {
    this.plan = plan;
    this.keyColumns = plan.columns.filter(({ role }) => role === 'key');
  }

  get count(): number {
    return this.#rows.size;
  }

  textOf(values: readonly unknown[]): string {
    return JSON.stringify(
      values.map((value) => (value instanceof Date ? value.getTime() : String(value))),
    );
  }

  /** The row will be needed. */
  want(key: TableKey): void {
    if (!this.#rows.has(key.text)) this.#wanted.set(key.text, key);
  }

  /** Keys of rows that memory lacks; until they are absorbed there are none. Null: nothing is missing. */
  takeWanted(): RowSet | null {
    const keys = [...this.#wanted.values()];
    this.#wanted.clear();
    for (const { text } of keys) this.#rows.set(text, null);
    return keys.length === 0
      ? null
      : toRowSet(
          this.keyColumns,
          keys.map(({ values }) => values),
        );
  }

  absorb(rows: RowSet): void {
    for (let i = 0; i < rows.count; i += 1) {
      const row: Record<string, unknown> = {};
      for (const [c, column] of this.plan.columns.entries()) {
        row[column.comment] = asDeclared(
          column,
          valueAt(column, rows.columns[c] as ColumnValues, i),
        );
      }
      this.#rows.set(
        this.textOf(this.keyColumns.map(({ comment }) => row[comment])),
        Object.freeze(row),
      );
    }
  }

  get({ text }: TableKey): Row | null {
    const staged = this.#staged.get(text);
    return staged === undefined ? (this.#rows.get(text) ?? null) : staged.row;
  }

  /** Sets what becomes of a row. @throws TypeError when a value does not fit its column, or the key is another */
  set(key: TableKey, next: Row | null): void {
    const before = this.get(key);
    const row = next === null ? null : this.#checked(key, next);
    if (row === before || (row !== null && before !== null && this.#isSame(row, before))) return;
    this.#staged.set(key.text, { key, row });
  }

  /** Keeps what the record set. */
  keep(): void {
    for (const [text, { key, row }] of this.#staged) {
      this.#rows.set(text, row);
      this.#changed.set(text, key);
    }
    this.#staged.clear();
  }

  /** Forgets what the record set. */
  undo(): void {
    this.#staged.clear();
  }

  takeChanges(): { readonly rows: RowSet; readonly deleted: RowSet | null } | null {
    if (this.#changed.size === 0) return null;
    const rows: unknown[][] = [];
    const deleted: (readonly unknown[])[] = [];
    for (const [text, { values }] of this.#changed) {
      const row = this.#rows.get(text) ?? null;
      if (row === null) deleted.push(values);
      else rows.push(this.plan.columns.map(({ comment }) => row[comment] ?? null));
    }
    this.#changed.clear();
    return {
      rows: toRowSet(this.plan.columns, rows),
      deleted: deleted.length === 0 ? null : toRowSet(this.keyColumns, deleted),
    };
  }

  /** Lets all rows go when there are too many; nothing may be changed and not taken. */
  evict(): void {
    if (this.#rows.size > ROWS_MAX && this.#changed.size === 0) this.#rows.clear();
  }

  #checked(key: TableKey, next: Row): Row {
    const row: Record<string, unknown> = {};
    for (const column of this.plan.columns) {
      const value = next[column.comment] ?? null;
      const fault = valueFault(column, value);
      if (fault !== null) throw new TypeError(`"${column.comment}" is ${fault}`);
      row[column.comment] = asDeclared(column, value);
    }
    const own = this.textOf(this.keyColumns.map(({ comment }) => row[comment]));
    if (own !== key.text)
      throw new TypeError(`it gave a row with the key ${own} where ${key.text} was asked for`);
    const unknown = Object.keys(next).find((name) => !(name in row));
    if (unknown !== undefined) throw new TypeError(`it gave "${unknown}", which is no column`);
    return Object.freeze(row);
  }

  #isSame(a: Row, b: Row): boolean {
    return this.plan.columns.every(({ comment }) => printed(a[comment]) === printed(b[comment]));
  }
}

/** Decimals at the column's scale, so that a row reads the same from memory and from the table. */
function asDeclared({ type, scale = 0 }: ColumnPlan, value: unknown): unknown {
  if (type !== 'numeric' || value === null) return value;
  if (typeof value === 'bigint')
    return new Decimal(value * (scale === 0 ? 1n : 10n ** BigInt(scale)), scale);
  const { unscaled, scale: given } = value as Decimal;
  if (given === scale) return value;
  return given < scale
    ? new Decimal(unscaled * 10n ** BigInt(scale - given), scale)
    : new Decimal(unscaled / 10n ** BigInt(given - scale), scale);
}

function printed(value: unknown): string {
  if (value instanceof Date) return `t${value.getTime()}`;
  if (typeof value === 'number') return Object.is(value, -0) ? 'd-0' : `d${value}`;
  return typeof value === 'object'
    ? `j${JSON.stringify(value)}`
    : `${typeof value}${String(value)}`;
}
