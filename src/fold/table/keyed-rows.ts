import type { ColumnValues, RowSet } from '../../projection/plan/row-set.ts';
import type { ColumnPlan, TablePlan } from '../../projection/plan/table-plan.ts';
import { toRowSet, valueAt, valueFault } from '../rows/to-column-values.ts';
import { canonicalValue, isSameValue } from './canonical-value.ts';

/** Maximum number of rows in memory between flushes, per table. */
const ROWS_MAX = 200_000;

/** The primary key of a row. `text` identifies it. */
export interface TableKey {
  /** Index in the plan's tables. */
  readonly table: number;
  readonly values: readonly unknown[];
  readonly text: string;
}

/** A row as handlers see it: by declared names, frozen. */
export type TableRow = Readonly<Record<string, unknown>>;

/**
 * The rows of one table in memory; null: the row does not exist. A row is *absent* → `want` →
 * requested by `takeWanted` → *known* (`absorb` adds stored rows). Changes of the current record
 * are *staged* (`set`), then kept or undone as a whole. Kept rows are *changed* until
 * `takeChanges`, and may be evicted after that.
 */
export class KeyedRows {
  readonly plan: TablePlan;
  readonly keyColumns: readonly ColumnPlan[];
  readonly #names: readonly string[];
  readonly #rowsMax: number;
  /** Least recently used first. */
  readonly #rows = new Map<string, TableRow | null>();
  readonly #staged = new Map<string, { readonly key: TableKey; readonly row: TableRow | null }>();
  readonly #changed = new Map<string, TableKey>();
  readonly #wanted = new Map<string, TableKey>();

  /** `rowsMax`: maximum number of rows in memory after a flush. */
  constructor(plan: TablePlan, rowsMax: number = ROWS_MAX) {
    this.plan = plan;
    this.keyColumns = plan.columns.filter(({ role }) => role === 'key');
    this.#names = plan.columns.map(({ name, declared }) => declared ?? name);
    this.#rowsMax = rowsMax;
  }

  get count(): number {
    return this.#rows.size;
  }

  /** Returns the text of a key. Its values must fit their columns. */
  textOf(values: readonly unknown[]): string {
    return JSON.stringify(
      values.map((value) => (value instanceof Date ? value.getTime() : String(value))),
    );
  }

  /** Requests a row. */
  want(key: TableKey): void {
    const row = this.#rows.get(key.text);
    if (row === undefined) {
      this.#wanted.set(key.text, key);
      return;
    }
    this.#rows.delete(key.text);
    this.#rows.set(key.text, row);
  }

  /**
   * Returns keys of requested rows that memory lacks; those that are not absorbed do not exist.
   * Null: nothing is missing.
   */
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

  /** Adds stored rows. */
  absorb(rows: RowSet): void {
    const { columns } = this.plan;
    for (let i = 0; i < rows.count; i += 1) {
      const values = columns.map((column, c) =>
        canonicalValue(column, valueAt(column, rows.columns[c] as ColumnValues, i)),
      );
      this.#rows.set(this.#keyTextOf(values), this.#rowOf(values));
    }
  }

  /** Returns the row as the current record sees it. */
  get({ text }: TableKey): TableRow | null {
    const staged = this.#staged.get(text);
    return staged === undefined ? (this.#rows.get(text) ?? null) : staged.row;
  }

  /**
   * Stages the new state of a row. @throws TypeError if a value does not fit its column, or the key
   * differs
   */
  set(key: TableKey, next: TableRow | null): void {
    const before = this.get(key);
    const row = next === null ? null : this.#checked(key, next);
    if (row === before || (row !== null && before !== null && this.#isSame(row, before))) return;
    this.#staged.set(key.text, { key, row });
  }

  /** Keeps the staged changes of the record. */
  keep(): void {
    for (const [text, { key, row }] of this.#staged) {
      this.#rows.set(text, row);
      this.#changed.set(text, key);
    }
    this.#staged.clear();
  }

  /** Drops the staged changes of the record. */
  undo(): void {
    this.#staged.clear();
  }

  /** Returns rows to upsert and keys to delete since the last call; null: none. */
  takeChanges(): { readonly rows: RowSet; readonly deleted: RowSet | null } | null {
    if (this.#changed.size === 0) return null;
    const rows: unknown[][] = [];
    const deleted: (readonly unknown[])[] = [];
    for (const [text, { values }] of this.#changed) {
      const row = this.#rows.get(text) ?? null;
      if (row === null) deleted.push(values);
      else rows.push(this.#names.map((name) => row[name] ?? null));
    }
    this.#changed.clear();
    return {
      rows: toRowSet(this.plan.columns, rows),
      deleted: deleted.length === 0 ? null : toRowSet(this.keyColumns, deleted),
    };
  }

  /**
   * Evicts the least recently used rows if there are too many; changed rows that were not taken
   * stay.
   */
  evict(): void {
    let over = this.#rows.size - this.#rowsMax;
    if (over <= 0) return;
    for (const text of this.#rows.keys()) {
      if (over <= 0) break;
      if (this.#changed.has(text)) continue;
      this.#rows.delete(text);
      over -= 1;
    }
  }

  #checked(key: TableKey, next: TableRow): TableRow {
    if (typeof next !== 'object' || typeof next['then'] === 'function') {
      const given = typeof next === 'object' ? 'a promise' : `a ${typeof next}`;
      throw new TypeError(`it gave ${given}; return a row, or null to delete it`);
    }
    const values = this.plan.columns.map((column, c) => {
      const name = this.#names[c] as string;
      const value = next[name] ?? null;
      const fault = valueFault(column, value);
      if (fault !== null) throw new TypeError(`"${name}" is ${fault}`);
      return canonicalValue(column, value);
    });
    const own = this.#keyTextOf(values);
    if (own !== key.text) {
      throw new TypeError(`it gave a row with the key ${own} where ${key.text} was asked for`);
    }
    const unknown = Object.keys(next).find((name) => !this.#names.includes(name));
    if (unknown !== undefined) throw new TypeError(`it gave "${unknown}", which is no column`);
    return this.#rowOf(values);
  }

  #rowOf(values: readonly unknown[]): TableRow {
    return Object.freeze(Object.fromEntries(this.#names.map((name, c) => [name, values[c]])));
  }

  /** Returns the text of a row's key: key columns come first. */
  #keyTextOf(values: readonly unknown[]): string {
    return this.textOf(values.slice(0, this.keyColumns.length));
  }

  #isSame(a: TableRow, b: TableRow): boolean {
    return this.#names.every((name) => isSameValue(a[name], b[name]));
  }
}
