import type { MissingRows, RowsAfter } from '../fold/task/task-fold.ts';
import type { ColumnValues, RowSet } from '../projection/plan/row-set.ts';
import type { ColumnType, TablePlan } from '../projection/plan/table-plan.ts';

/** One value of a table, as in `ColumnValues`. */
export type Cell = string | number | bigint | boolean | readonly number[] | Buffer | null;

/** A table of one task in memory. It behaves towards the fold exactly as Postgres does. */
export class MemoryTable {
  readonly plan: TablePlan;
  readonly #keys: readonly number[];
  readonly #rows = new Map<string, readonly Cell[]>();

  constructor(plan: TablePlan) {
    this.plan = plan;
    this.#keys = plan.columns.flatMap(({ role }, c) => (role === 'key' ? [c] : []));
  }

  get count(): number {
    return this.#rows.size;
  }

  /**
   * Inserts rows, replacing those with the same keys. @throws if the set has a duplicate key, or a
   * column that is not nullable is null, as in Postgres
   */
  upsert(set: RowSet): void {
    const seen = new Set<string>();
    for (const given of rowsOf(set)) {
      const cells = given.map((cell, c) => asStored(this.plan.columns[c]?.type, cell));
      for (const [c, { name, nullable }] of this.plan.columns.entries()) {
        if (cells[c] === null && !nullable) throw new Error(`${this.plan.name}.${name} is null`);
      }
      const key = this.#keyOf(cells);
      if (seen.has(key)) throw new Error(`the key ${key} comes twice`);
      seen.add(key);
      this.#rows.set(key, cells);
    }
  }

  /** Inserts rows. @throws also if one has the key of a stored row, as COPY does */
  add(set: RowSet): void {
    const before = this.#rows.size;
    this.upsert(set);
    if (this.#rows.size !== before + set.count) throw new Error('a key is there already');
  }

  /** Deletes the rows of these keys that exist. */
  delete(keys: RowSet): void {
    for (const cells of rowsOf(keys)) this.#rows.delete(printCells(cells));
  }

  /** Returns rows in which the column is later, or all rows. */
  after({ column, afterMs }: Pick<RowsAfter, 'column' | 'afterMs'>): RowSet {
    if (column === null) return this.all();
    const c = this.plan.columns.findIndex(({ name }) => name === column);
    return this.#set([...this.#rows.values()].filter((cells) => (cells[c] as number) > afterMs));
  }

  /**
   * Returns the stored rows of the given keys or key prefixes. @throws if a key is requested twice
   */
  load({ keys, bound = null }: Pick<MissingRows, 'keys'> & Partial<MissingRows>): RowSet {
    const wanted = rowsOf(keys).map(printCells);
    if (new Set(wanted).size < wanted.length) throw new Error('a key is asked for twice');
    if (keys.columns.length === this.#keys.length && bound === null) {
      return this.#set(this.#found(wanted));
    }
    const places = new Map(wanted.map((key, i) => [key, i]));
    const at = this.plan.columns.findIndex(({ name }) => name === bound?.column);
    const prefix = this.#keys.slice(0, keys.columns.length);
    return this.#set(
      [...this.#rows.values()].filter((cells) => {
        const i = places.get(printCells(prefix.map((c) => cells[c] as Cell)));
        if (i === undefined) return false;
        return bound === null || (cells[at] as number) >= (bound.fromMs[i] as number);
      }),
    );
  }

  all(): RowSet {
    return this.#set([...this.#rows.values()]);
  }

  /** Returns the cells of every row, in any order. */
  cells(): readonly (readonly Cell[])[] {
    return [...this.#rows.values()];
  }

  #found(keys: readonly string[]): readonly (readonly Cell[])[] {
    return keys.flatMap((key) => {
      const row = this.#rows.get(key);
      return row === undefined ? [] : [row];
    });
  }

  #keyOf(cells: readonly Cell[]): string {
    return printCells(this.#keys.map((c) => cells[c] as Cell));
  }

  #set(rows: readonly (readonly Cell[])[]): RowSet {
    return {
      count: rows.length,
      columns: this.plan.columns.map(({ type }, c) =>
        columnOf(
          type,
          rows.map((cells) => cells[c] ?? null),
        ),
      ),
    };
  }
}

/** Formats cells so that all values and types are distinct. */
export function printCells(cells: readonly Cell[]): string {
  return cells
    .map((cell) => {
      if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : `${cell}`;
      if (typeof cell === 'bigint') return `${cell}n`;
      if (typeof cell === 'string') return JSON.stringify(cell);
      if (Buffer.isBuffer(cell)) return cell.toString('hex');
      return Array.isArray(cell)
        ? `[${cell.map((x) => printCells([x as Cell])).join()}]`
        : `${cell}`;
    })
    .join(' | ');
}

/**
 * Converts a cell as Postgres stores it: integers have no negative zero, and jsonb orders the keys
 * of objects by length in bytes, then by bytes.
 */
function asStored(type: ColumnType | undefined, cell: Cell): Cell {
  if (type === 'int4') return cell === 0 ? 0 : cell;
  return type === 'jsonb' && typeof cell === 'string' ? jsonbText(JSON.parse(cell)) : cell;
}

function jsonbText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonbText).join()}]`;
  const entries = Object.entries(value).map(([key, each]: [string, unknown]) => ({
    key: Buffer.from(key),
    each,
  }));
  entries.sort((a, b) => a.key.length - b.key.length || Buffer.compare(a.key, b.key));
  const texts = entries.map(({ key, each }) => `${JSON.stringify(`${key}`)}:${jsonbText(each)}`);
  return `{${texts.join()}}`;
}

function rowsOf(set: RowSet): Cell[][] {
  return Array.from({ length: set.count }, (_, i) =>
    set.columns.map((values) => cellAt(values, i)),
  );
}

function cellAt(values: ColumnValues, i: number): Cell {
  if ('present' in values && values.present !== null && values.present[i] === 0) return null;
  if (values.type === 'boolean') return values.values[i] === 1;
  if (values.type === 'int8') return values.exact?.[i] ?? BigInt(values.values[i] as number);
  const cell = values.values[i] as Cell | undefined;
  if (cell === undefined) throw new Error(`a column of type ${values.type} ends before row ${i}`);
  return cell;
}

function columnOf(type: ColumnValues['type'], cells: readonly Cell[]): ColumnValues {
  const present = cells.includes(null) ? Uint8Array.from(cells, (c) => (c === null ? 0 : 1)) : null;
  const numbers = () => Float64Array.from(cells, (cell) => Number(cell ?? 0));
  switch (type) {
    case 'text':
    case 'jsonb':
      return { type, values: cells.map((cell) => (cell ?? '') as string), present };
    case 'boolean':
      return { type, values: Uint8Array.from(cells, Number), present };
    case 'int8': {
      const whole = cells.map((cell) => (cell ?? 0n) as bigint);
      const safe = whole.every((n) => Number.isSafeInteger(Number(n)));
      return { type, values: numbers(), exact: safe ? null : BigInt64Array.from(whole), present };
    }
    case 'numeric':
      return { type, values: cells as (bigint | null)[] };
    case 'float8[]':
      return { type, values: cells as (readonly number[] | null)[] };
    case 'bytea':
      return { type, values: cells as (Buffer | null)[] };
    default:
      return { type, values: numbers(), present };
  }
}
