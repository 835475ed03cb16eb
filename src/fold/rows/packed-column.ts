import type {
  Absence,
  ColumnValues,
  PackedColumn,
  PackedRows,
  RowSet,
  TableColumn,
  TableRows,
} from '../../projection/plan/row-set.ts';
import { BufferPool } from './buffer-pool.ts';

/**
 * Packed rows that accumulators write. Row i was in slot `slots[i]`, under which accumulators keep
 * state outside the stride.
 */
export interface RowsToWrite extends PackedRows {
  readonly slots: Int32Array;
}

/** Memory for packed rows until they are written; then the next task reuses it. */
export class PackedMemory {
  #taken: Float64Array | null = null;

  take(length: number): Float64Array {
    this.#taken = pool.take((left) => left.length >= length) ?? new Float64Array(length);
    return this.#taken;
  }

  /** Returns the memory: it is not read any more. */
  leave(): void {
    if (this.#taken !== null) pool.leave(this.#taken);
    this.#taken = null;
  }
}

const pool = new BufferPool<Float64Array>();

/** Creates a column of packed rows. */
export function packedColumn(
  type: PackedColumn['type'],
  rows: PackedRows,
  at: number,
  absence: Absence | null = null,
): PackedColumn {
  return { type, rows, at, absence };
}

/** Returns one number of each row. */
export function numbersAt({ numbers, stride, count }: PackedRows, at: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 1) values[i] = numbers[i * stride + at] as number;
  return values;
}

/** Marks the rows that have a value; null: all have one. */
export function presentIn(rows: PackedRows, absence: Absence | null): Uint8Array | null {
  if (absence === null) return null;
  const marks = numbersAt(rows, absence.at);
  const present = Uint8Array.from(marks, (mark) => (Object.is(mark, absence.is) ? 0 : 1));
  return present.includes(0) ? present : null;
}

/** Copies a column of that many rows out of packed rows. */
export function ownColumn(column: TableColumn, count: number): ColumnValues {
  if ('isNull' in column) return { type: column.type, values: new Array(count).fill(null) };
  if (!('rows' in column)) return column;
  const { type, rows, at, absence } = column;
  const values = numbersAt(rows, at);
  const present = presentIn(rows, absence);
  if (present !== null) for (const [i, is] of present.entries()) if (is === 0) values[i] = 0;
  return type === 'int8' ? { type, values, exact: null, present } : { type, values, present };
}

/** Copies rows out of packed rows. */
export function ownRows({ count, columns }: TableRows): RowSet {
  return { count, columns: columns.map((column) => ownColumn(column, count)) };
}
