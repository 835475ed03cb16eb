import { dateText } from '../../../src/avro/value-types.ts';
import { Decimal } from '../../../src/event/decimal.ts';
import type { RowsAfter } from '../../../src/fold/task-fold.ts';
import type { ColumnValues, RowSet } from '../../../src/projection/row-set.ts';
import type { ColumnPlan, TablePlan } from '../../../src/projection/table-plan.ts';

type Cell = string | number | bigint | boolean | readonly number[] | null;

/** The table of one task, in a Map: what Postgres is to the fold. */
export class StoredTable {
  readonly #plan: TablePlan;
  readonly #keys: readonly number[];
  readonly #rows = new Map<string, readonly Cell[]>();

  constructor(plan: TablePlan) {
    this.#plan = plan;
    this.#keys = plan.columns.flatMap(({ role }, c) => (role === 'key' ? [c] : []));
  }

  get count(): number {
    return this.#rows.size;
  }

  /** Writes rows over those of the same keys. @throws when a key comes twice in the set, as Postgres does */
  upsert(set: RowSet): void {
    const seen = new Set<string>();
    for (let i = 0; i < set.count; i += 1) {
      const cells = set.columns.map((values) => cellAt(values, i));
      for (const [c, { name, nullable }] of this.#plan.columns.entries()) {
        if (cells[c] === null && !nullable) throw new Error(`${name} is null`);
      }
      const key = print(this.#keys.map((c) => cells[c] as Cell));
      if (seen.has(key)) throw new Error(`the key ${key} comes twice`);
      seen.add(key);
      this.#rows.set(key, cells);
    }
  }

  after({ column, afterMs }: RowsAfter): RowSet {
    const c = this.#plan.columns.findIndex(({ name }) => name === column);
    return this.#set([...this.#rows.values()].filter((cells) => (cells[c] as number) > afterMs));
  }

  /** The stored rows of the keys given. */
  load(keys: RowSet): RowSet {
    const wanted = Array.from({ length: keys.count }, (_, i) =>
      print(keys.columns.map((values) => cellAt(values, i))),
    );
    if (new Set(wanted).size < wanted.length) throw new Error('a key is asked for twice');
    return this.#set(
      wanted.flatMap((key) => {
        const row = this.#rows.get(key);
        return row === undefined ? [] : [row];
      }),
    );
  }

  all(): RowSet {
    return this.#set([...this.#rows.values()]);
  }

  /** Every bit of every row, hidden state too, in a fixed order. `but`: columns left out. */
  printed(...but: readonly string[]): string[] {
    const columns = [...this.#plan.columns.entries()].filter(([, { name }]) => !but.includes(name));
    return [...this.#rows.values()]
      .map((cells) =>
        columns.map(([c, { name }]) => `${name} ${print([cells[c] ?? null])}`).join('; '),
      )
      .sort();
  }

  /** The rows of the stable view as typed queries give them, printed; `printRow` does the same to other rows. */
  view(): string[] {
    return [...this.#rows.values()]
      .map((cells) =>
        printRow(
          this.#plan,
          Object.fromEntries(
            this.#plan.columns.map((column, c) => [column.name, queried(column, cells[c] ?? null)]),
          ),
        ),
      )
      .sort();
  }

  #set(rows: readonly (readonly Cell[])[]): RowSet {
    return {
      count: rows.length,
      columns: this.#plan.columns.map(({ type }, c) =>
        columnOf(
          type,
          rows.map((cells) => cells[c] ?? null),
        ),
      ),
    };
  }
}

/** A row of the stable view, in words that tell every value and type apart. */
export function printRow(plan: TablePlan, row: Readonly<Record<string, unknown>>): string {
  return plan.columns
    .filter(({ role }) => role !== 'state')
    .map(({ name }) => `${name} ${printQueried(row[name])}`)
    .join('; ');
}

function printQueried(value: unknown): string {
  if (value instanceof Date) return `at ${value.toISOString()}`;
  if (value instanceof Decimal) return `decimal ${value.toString()}`;
  return print([value as Cell]);
}

function queried({ type, scale = 0 }: ColumnPlan, cell: Cell): unknown {
  if (cell === null) return null;
  if (type === 'timestamptz') return new Date(cell as number);
  if (type === 'date') return dateText(cell as number);
  if (type === 'numeric' && scale > 0) return new Decimal(cell as bigint, scale);
  return cell;
}

function print(cells: readonly Cell[]): string {
  return cells
    .map((cell) => {
      if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : `${cell}`;
      if (typeof cell === 'bigint') return `${cell}n`;
      if (typeof cell === 'string') return JSON.stringify(cell);
      return Array.isArray(cell) ? `[${cell.map((x) => print([x])).join()}]` : `${cell}`;
    })
    .join(' | ');
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
      return { type, values: cells as readonly string[], present };
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
      throw new Error('no fold writes bytes');
    default:
      return { type, values: numbers(), present };
  }
}
