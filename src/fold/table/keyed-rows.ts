import type { ColumnValues, RowSet } from '../../projection/plan/row-set.ts';
import type { ColumnPlan, TablePlan } from '../../projection/plan/table-plan.ts';
import { toColumnValues, toRowSet, valueAt, valueFault } from '../rows/to-column-values.ts';
import type { TableChange } from '../task/task-fold.ts';
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

/** What is known of the rows of a table. */
export interface KeyedRowsOptions {
  /** True: the table holds no row of this task yet, so nothing has to be loaded. */
  readonly startsEmpty?: boolean;
  /** True: `takeChanges` returns rows apart that the table does not hold. Default false. */
  readonly separatesAdded?: boolean;
  /** Maximum number of rows in memory after a flush. Default 200,000. */
  readonly rowsMax?: number;
}

/** What memory knows of one row. */
interface Entry {
  /** Null: the row does not exist. */
  row: TableRow | null;
  /** As the current record leaves it; undefined: unchanged by it. */
  staged: TableRow | null | undefined;
  /** The values of its key, once it has been changed. */
  key: readonly unknown[];
  /** Changed since the last `takeChanges`, and whether the table had the row then. */
  isChanged: boolean;
  isStored: boolean;
}

/**
 * The rows of one table in memory. While memory is *complete* it holds every row of the task.
 * Otherwise a row is *absent* → `want` → requested by `takeWanted` → *known* (`absorb` adds stored
 * rows). Changes of the current record are *staged* (`set`), then kept or undone as a whole. Kept
 * rows are *changed* until `takeChanges`, and may be evicted after that.
 */
export class KeyedRows {
  readonly plan: TablePlan;
  readonly keyColumns: readonly ColumnPlan[];
  readonly #names: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #rowsMax: number;
  readonly #separatesAdded: boolean;
  #isComplete: boolean;
  /** Rows used since the last eviction, and those used before. */
  #recent = new Map<string, Entry>();
  #older = new Map<string, Entry>();
  /** The entry that was asked for last: a row is changed right after it was read. */
  #last: { readonly text: string; readonly entry: Entry | undefined } | null = null;
  #staged: Entry[] = [];
  #changed: Entry[] = [];
  readonly #wanted = new Map<string, TableKey>();

  constructor(plan: TablePlan, options: KeyedRowsOptions = {}) {
    const { startsEmpty = false, separatesAdded = false, rowsMax = ROWS_MAX } = options;
    this.plan = plan;
    this.#separatesAdded = separatesAdded;
    this.keyColumns = plan.columns.filter(({ role }) => role === 'key');
    this.#names = plan.columns.map(({ name, declared }) => declared ?? name);
    this.#known = new Set(this.#names);
    this.#rowsMax = rowsMax;
    this.#isComplete = startsEmpty;
  }

  get count(): number {
    return this.#recent.size + this.#older.size;
  }

  /** True if memory holds every row of the task: none has to be requested. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Returns the text of a key. Its values must fit their columns: text has no zero character. */
  textOf(values: readonly unknown[]): string {
    let text = keyPartOf(values[0]);
    for (let c = 1; c < values.length; c += 1) text += `\0${keyPartOf(values[c])}`;
    return text;
  }

  /** Requests a row. */
  want(key: TableKey): void {
    if (!this.#isComplete && this.#find(key.text) === undefined) this.#wanted.set(key.text, key);
  }

  /**
   * Returns keys of requested rows that memory lacks; those that are not absorbed do not exist.
   * Null: nothing is missing.
   */
  takeWanted(): RowSet | null {
    const keys = [...this.#wanted.values()];
    this.#wanted.clear();
    for (const { text, values } of keys) this.#add(text, null, values);
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
      const row: Record<string, unknown> = {};
      for (const [c, column] of columns.entries()) {
        const value = valueAt(column, rows.columns[c] as ColumnValues, i);
        row[this.#names[c] as string] = canonicalValue(column, value);
      }
      const key = this.#keyOf(row);
      this.#add(this.textOf(key), Object.freeze(row), key);
    }
  }

  /** Returns the row as the current record sees it; null: there is none. */
  get({ text }: TableKey): TableRow | null {
    const entry = this.#find(text);
    this.#last = { text, entry };
    return rowIn(entry);
  }

  /**
   * Stages the new state of a row; null deletes it. @throws TypeError if a value does not fit its
   * column, or the key differs
   */
  set(key: TableKey, next: TableRow | null): void {
    if (this.#last?.text !== key.text) this.get(key);
    const known = this.#last?.entry;
    const before = rowIn(known);
    const row = next === null ? null : this.#checked(key, next);
    if (row === before || (row !== null && before !== null && this.#isSame(row, before))) return;
    const entry = known ?? this.#add(key.text, null, key.values);
    if (entry.staged === undefined) this.#staged.push(entry);
    entry.staged = row;
    entry.key = key.values;
    this.#last = null;
  }

  /** Keeps the staged changes of the record. */
  keep(): void {
    for (const entry of this.#staged) {
      if (!entry.isChanged) {
        entry.isChanged = true;
        entry.isStored = entry.row !== null;
        this.#changed.push(entry);
      }
      entry.row = entry.staged ?? null;
      entry.staged = undefined;
    }
    this.#staged.length = 0;
  }

  /** Drops the staged changes of the record. */
  undo(): void {
    for (const entry of this.#staged) entry.staged = undefined;
    this.#staged.length = 0;
  }

  /**
   * Returns the changes since the last call: rows to upsert or to add, keys to delete. Null: none.
   */
  takeChanges(): Omit<TableChange, 'table'> | null {
    if (this.#changed.length === 0) return null;
    const rows: TableRow[] = [];
    const added: TableRow[] = [];
    const deleted: (readonly unknown[])[] = [];
    for (const entry of this.#changed) {
      const { row, key, isStored } = entry;
      entry.isChanged = false;
      if (row !== null) (isStored || !this.#separatesAdded ? rows : added).push(row);
      else if (isStored) deleted.push(key);
      if (row === null && this.#isComplete) this.#forget(this.textOf(key));
    }
    this.#changed = [];
    return {
      rows: this.#rowSetOf(rows),
      ...(added.length > 0 && { added: this.#rowSetOf(added) }),
      deleted: deleted.length === 0 ? null : toRowSet(this.keyColumns, deleted),
    };
  }

  /**
   * Evicts rows if there are too many, of the older generation first. Does nothing while changes
   * are not taken.
   */
  evict(): void {
    if (this.#changed.length > 0) return;
    this.#last = null;
    for (let over = this.count - this.#rowsMax; over > 0; ) {
      if (this.#older.size === 0) this.#age();
      for (const text of this.#older.keys()) {
        if (over <= 0) break;
        this.#older.delete(text);
        this.#isComplete = false;
        over -= 1;
      }
    }
    if (this.#older.size === 0 && this.#recent.size > this.#rowsMax / 2) this.#age();
  }

  /** The recent rows become the older generation, which must be empty. */
  #age(): void {
    [this.#older, this.#recent] = [this.#recent, this.#older];
  }

  #add(text: string, row: TableRow | null, key: readonly unknown[]): Entry {
    const entry = { row, staged: undefined, key, isChanged: false, isStored: false };
    this.#recent.set(text, entry);
    return entry;
  }

  #forget(text: string): void {
    this.#recent.delete(text);
    this.#older.delete(text);
    this.#last = null;
  }

  /** Returns what memory knows of a row, now one of the recent; undefined: nothing. */
  #find(text: string): Entry | undefined {
    const entry = this.#recent.get(text);
    if (entry !== undefined || this.#older.size === 0) return entry;
    const older = this.#older.get(text);
    if (older === undefined) return undefined;
    this.#older.delete(text);
    this.#recent.set(text, older);
    return older;
  }

  #checked(key: TableKey, next: TableRow): TableRow {
    if (typeof next !== 'object' || typeof next['then'] === 'function') {
      const given = typeof next === 'object' ? 'a promise' : `a ${typeof next}`;
      throw new TypeError(`it gave ${given}; return a row, or null to delete it`);
    }
    const { columns } = this.plan;
    const row: Record<string, unknown> = {};
    for (let c = 0; c < columns.length; c += 1) {
      const column = columns[c] as ColumnPlan;
      const name = this.#names[c] as string;
      const value = next[name] ?? null;
      const fault = valueFault(column, value);
      if (fault !== null) throw new TypeError(`"${name}" is ${fault}`);
      row[name] = canonicalValue(column, value);
    }
    const own = this.#keyOf(row);
    if (this.textOf(own) !== key.text) {
      throw new TypeError(
        `it gave a row with the key ${shown(own)} where ${shown(key.values)} was asked for`,
      );
    }
    for (const name in next) {
      if (!this.#known.has(name)) throw new TypeError(`it gave "${name}", which is no column`);
    }
    return Object.freeze(row);
  }

  /** Returns the values of a row's key: key columns come first. */
  #keyOf(row: TableRow): readonly unknown[] {
    const key: unknown[] = [];
    for (let c = 0; c < this.keyColumns.length; c += 1) key.push(row[this.#names[c] as string]);
    return key;
  }

  #rowSetOf(rows: readonly TableRow[]): RowSet {
    return {
      count: rows.length,
      columns: this.plan.columns.map((column, c) => {
        const name = this.#names[c] as string;
        return toColumnValues(
          column,
          rows.map((row) => row[name] ?? null),
        );
      }),
    };
  }

  #isSame(a: TableRow, b: TableRow): boolean {
    return this.#names.every((name) => isSameValue(a[name], b[name]));
  }
}

/** The row as the current record leaves it; null: there is none. */
function rowIn(entry: Entry | undefined): TableRow | null {
  if (entry === undefined) return null;
  return entry.staged === undefined ? entry.row : entry.staged;
}

function keyPartOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Date ? `${value.getTime()}` : String(value);
}

function shown(values: readonly unknown[]): string {
  return JSON.stringify(
    values.map((value) => (value instanceof Date ? value.getTime() : String(value))),
  );
}
