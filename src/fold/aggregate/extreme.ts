import type { FieldColumn } from '../../event/field-columns.ts';
import type { TableColumn } from '../../projection/plan/row-set.ts';
import type { ColumnType } from '../../projection/plan/table-plan.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import { numbersAt, packedColumn, presentIn } from '../rows/packed-column.ts';
import type { RowState } from '../rows/row-state.ts';
import type { Accumulator, ColumnsByName, RowPairs, Selection } from './accumulator.ts';
import { forgetFrom, moveBeside } from './accumulator.ts';

/** State of a row without a value: sorts below everything, as no double does. */
const NOTHING = 0;
const SOME = 1;

/**
 * The least or greatest value. Doubles in Postgres's order: NaN above all, −0 equal to 0 (stored as
 * 0). Two doubles per row: whether there is a value, and the value. Longs beyond safe integers and
 * decimals are bigints in a map.
 */
export class Extreme implements Accumulator {
  readonly width = 2;
  readonly #column: string;
  readonly #type: ColumnType;
  readonly #sign: 1 | -1;
  readonly #exact = new Map<number, bigint>();
  #at = 0;

  constructor(kind: 'min' | 'max', column: string, type: ColumnType) {
    this.#column = column;
    this.#type = type;
    this.#sign = kind === 'max' ? 1 : -1;
  }

  place(at: number): void {
    this.#at = at;
  }

  add(state: RowState, selection: Selection, part: SourcePart, fieldIndex: number): void {
    const column = part.columns[fieldIndex];
    if (column === undefined || column.kind === 'text') {
      throw new TypeError('an extreme needs a column of numbers');
    }
    if (column.kind === 'number') this.#addNumbers(state, selection, column.values, column.present);
    else if (column.kind === 'long' && column.exact === null && this.#exact.size === 0) {
      this.#addNumbers(state, selection, column.values, column.present);
    } else this.#addIntegers(state, selection, column);
  }

  #addNumbers(
    state: RowState,
    selection: Selection,
    values: Float64Array,
    present: Uint8Array | null,
  ): void {
    const { count, slots, records } = selection;
    const { numbers, stride } = state;
    const greatest = this.#sign === 1;
    for (let i = 0; i < count; i += 1) {
      const record = records[i] as number;
      if (present !== null && present[record] === 0) continue;
      const index = (slots[i] as number) * stride + this.#at;
      const x = (values[record] as number) + 0;
      const best = numbers[index + 1] as number;
      if (numbers[index] === NOTHING || (greatest ? isAbove(x, best) : isAbove(best, x))) {
        numbers[index] = SOME;
        numbers[index + 1] = x;
      }
    }
  }

  #addIntegers(
    state: RowState,
    selection: Selection,
    column: Extract<FieldColumn, { kind: 'long' | 'decimal' }>,
  ): void {
    for (let i = 0; i < selection.count; i += 1) {
      const record = selection.records[i] as number;
      if (column.present !== null && column.present[record] === 0) continue;
      const x =
        column.kind === 'decimal'
          ? (column.unscaled[record] as bigint)
          : (column.exact?.[record] ?? BigInt(column.values[record] as number));
      this.#offer(state, selection.slots[i] as number, x);
    }
  }

  #offer(state: RowState, slot: number, x: bigint): void {
    const index = slot * state.stride + this.#at;
    if (state.numbers[index] === SOME) {
      const best = this.#integer(state, slot);
      if (this.#sign === 1 ? x <= best : x >= best) return;
    }
    state.numbers[index] = SOME;
    if (this.#type === 'int8' && isSafe(x)) {
      this.#exact.delete(slot);
      state.numbers[index + 1] = Number(x);
    } else {
      this.#exact.set(slot, x);
    }
  }

  #integer(state: RowState, slot: number): bigint {
    return (
      this.#exact.get(slot) ?? BigInt(state.numbers[slot * state.stride + this.#at + 1] as number)
    );
  }

  merge(state: RowState, slot: number, columns: ColumnsByName, i: number): void {
    const column = columns.get(this.#column);
    if (column === undefined) throw new TypeError(`no column ${this.#column}`);
    if (column.type === 'numeric') {
      const value = column.values[i] ?? null;
      if (value !== null) this.#offer(state, slot, value);
      return;
    }
    if (!('present' in column) || column.present?.[i] === 0) return;
    if (column.type === 'int8') {
      this.#offer(state, slot, column.exact?.[i] ?? BigInt(column.values[i] as number));
    } else {
      const one = { count: 1, slots: Int32Array.of(slot), records: Int32Array.of(i) };
      this.#addNumbers(state, one, column.values as Float64Array, null);
    }
  }

  mergeRows(target: RowState, other: Extreme, source: RowState, pairs: RowPairs): void {
    const greatest = this.#sign === 1;
    const asNumbers = this.#type !== 'numeric' && this.#exact.size === 0 && other.#exact.size === 0;
    for (let i = 0; i < pairs.count; i += 1) {
      const from = pairs.from[i] as number;
      const into = pairs.into[i] as number;
      const fromIndex = from * source.stride + this.#at;
      if (source.numbers[fromIndex] === NOTHING) continue;
      if (!asNumbers) {
        this.#offer(target, into, other.#integer(source, from));
        continue;
      }
      const index = into * target.stride + this.#at;
      const x = source.numbers[fromIndex + 1] as number;
      const best = target.numbers[index + 1] as number;
      if (target.numbers[index] === NOTHING || (greatest ? isAbove(x, best) : isAbove(best, x))) {
        target.numbers[index] = SOME;
        target.numbers[index + 1] = x;
      }
    }
  }

  *write(rows: RowsToWrite): Iterable<[string, TableColumn]> {
    const absence = { at: this.#at, is: NOTHING };
    if (this.#type !== 'numeric' && this.#exact.size === 0) {
      const type = this.#type === 'int8' || this.#type === 'timestamptz' ? this.#type : 'float8';
      yield [this.#column, packedColumn(type, rows, this.#at + 1, absence)];
      return;
    }
    const present = presentIn(rows, absence);
    const values = numbersAt(rows, this.#at + 1);
    const integers = Array.from(values, (number, i) => {
      if (present?.[i] === 0) return null;
      return this.#exact.get(rows.slots[i] as number) ?? BigInt(number);
    });
    if (this.#type === 'numeric') {
      yield [this.#column, { type: 'numeric', values: integers }];
      return;
    }
    const exact = BigInt64Array.from(integers, (integer) => integer ?? 0n);
    yield [this.#column, { type: 'int8', values, exact, present }];
  }

  clear(slot: number): void {
    this.#exact.delete(slot);
  }

  move(from: number, to: number): void {
    moveBeside(this.#exact, from, to);
  }

  forget(count?: number): void {
    forgetFrom(this.#exact, count);
  }
}

/** True if a > b in Postgres's order of float8: NaN is greater than every other value. */
function isAbove(a: number, b: number): boolean {
  if (a !== a) return b === b;
  return a > b;
}

function isSafe(x: bigint): boolean {
  return x >= BigInt(Number.MIN_SAFE_INTEGER) && x <= BigInt(Number.MAX_SAFE_INTEGER);
}
