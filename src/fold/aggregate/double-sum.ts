import type { Absence, ColumnValues, TableColumn } from '../../projection/plan/row-set.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import { numbersAt, packedColumn, presentIn } from '../rows/packed-column.ts';
import type { RowState } from '../rows/row-state.ts';
import type { Accumulator, ColumnsByName, RowPairs, Selection } from './accumulator.ts';
import { forgetFrom, moveBeside } from './accumulator.ts';
import { expansionOf, nearestDouble, unitsOf } from './nearest-double.ts';

/** The remainder column of sums that a pair holds. */
const NOTHING_MORE: TableColumn = { type: 'float8[]', isNull: true };

interface SumColumns {
  readonly hi: string;
  readonly lo: string;
  readonly rest: string;
}

/**
 * The exact sum of doubles. Three forms per row (ADR 0005):
 * - *pair*: hi + lo, where hi is the rounded sum and lo the remainder; kept by Knuth's TwoSum
 *   while it is exact, which is nearly always;
 * - *units*: if a pair cannot hold the sum, lo is NaN and a bigint of 2^-1074 units holds it,
 *   in `#units`;
 * - *special*: NaN or ±Infinity was added: hi is that, lo is 0. Written columns depend only on the
 *   exact sum, not on the order of addition or on the form in memory.
 */
export class DoubleSum implements Accumulator {
  readonly width = 2;
  readonly #columns: SumColumns;
  readonly #units = new Map<number, bigint>();
  #at = 0;

  constructor(columns: SumColumns) {
    this.#columns = columns;
  }

  place(at: number): void {
    this.#at = at;
  }

  add(state: RowState, selection: Selection, part: SourcePart, fieldIndex: number): void {
    const column = part.columns[fieldIndex];
    if (column?.kind !== 'number') throw new TypeError('a double sum needs a number column');
    const { values, present } = column;
    const { count, slots, records } = selection;
    const { numbers, stride } = state;
    for (let i = 0; i < count; i += 1) {
      const record = records[i] as number;
      if (present !== null && present[record] === 0) continue;
      const slot = slots[i] as number;
      this.#addNext(numbers, slot * stride + this.#at, slot, values[record] as number);
    }
  }

  #addNext(numbers: Float64Array, index: number, slot: number, x: number): void {
    const hi = numbers[index] as number;
    const lo = numbers[index + 1] as number;
    const s = hi + x;
    const back = s - hi;
    const e = hi - (s - back) + (x - back);
    const t = lo + e;
    const back2 = t - lo;
    const lost = lo - (t - back2) + (e - back2);
    const total = s + t;
    // Infinity − Infinity is NaN: this also detects a total beyond the range of doubles.
    if (lost === 0 && total - total === 0) {
      const back3 = total - s;
      numbers[index] = total;
      numbers[index + 1] = s - (total - back3) + (t - back3);
    } else {
      this.addSlowly(numbers, index, slot, x);
    }
  }

  /**
   * Adds a value that a pair cannot hold, or that is not finite. Numbers are still as they were
   * before `x`. Also called by generated code for such values.
   */
  addSlowly(numbers: Float64Array, index: number, slot: number, x: number): void {
    const hi = numbers[index] as number;
    const units = this.#units.get(slot);
    if (units === undefined && !Number.isFinite(hi)) {
      numbers[index] = hi + x;
      numbers[index + 1] = 0;
    } else if (!Number.isFinite(x)) {
      this.#units.delete(slot);
      numbers[index] = x;
      numbers[index + 1] = 0;
    } else {
      const before = units ?? unitsOf(hi) + unitsOf(numbers[index + 1] as number);
      this.#units.set(slot, before + unitsOf(x));
      numbers[index] = 0;
      numbers[index + 1] = Number.NaN;
    }
  }

  merge(state: RowState, slot: number, columns: ColumnsByName, i: number): void {
    const hi = columns.get(this.#columns.hi);
    const lo = columns.get(this.#columns.lo);
    const rest = columns.get(this.#columns.rest);
    if (hi?.type !== 'float8' || lo?.type !== 'float8' || rest?.type !== 'float8[]') {
      throw new TypeError(`no columns of the sum ${this.#columns.hi}`);
    }
    if (hi.present?.[i] === 0) return;
    const { numbers, stride } = state;
    const index = slot * stride + this.#at;
    const more = rest.values[i] ?? [];
    const head = hi.values[i] as number;
    // Beyond the range of doubles hi is ±Infinity and rest alone holds the sum.
    const parts =
      more.length > 0 && !Number.isFinite(head) ? more : [head, lo.values[i] as number, ...more];
    for (const part of parts) this.#addOne(numbers, index, slot, part);
  }

  #addOne(numbers: Float64Array, index: number, slot: number, x: number): void {
    const hi = numbers[index] as number;
    const lo = numbers[index + 1] as number;
    if (hi === 0 && lo === 0 && !this.#units.has(slot)) {
      numbers[index] = x + 0;
      return;
    }
    this.addSlowly(numbers, index, slot, x);
    this.#settle(numbers, index, slot);
  }

  /** Returns to a pair if the sum fits one. */
  #settle(numbers: Float64Array, index: number, slot: number): void {
    const units = this.#units.get(slot);
    if (units === undefined) return;
    const parts = expansionOf(units);
    if (parts.length > 2 || !Number.isFinite(nearestDouble(units))) return;
    this.#units.delete(slot);
    numbers[index] = parts[0] ?? 0;
    numbers[index + 1] = parts[1] ?? 0;
  }

  mergeRows(target: RowState, other: DoubleSum, source: RowState, pairs: RowPairs): void {
    for (let i = 0; i < pairs.count; i += 1) {
      const from = pairs.from[i] as number;
      const into = pairs.into[i] as number;
      const fromIndex = from * source.stride + this.#at;
      const hi = source.numbers[fromIndex] as number;
      const lo = source.numbers[fromIndex + 1] as number;
      if (hi === 0 && lo === 0) continue;
      const { numbers } = target;
      const index = into * target.stride + this.#at;
      const units = other.#units.size === 0 ? undefined : other.#units.get(from);
      if (units !== undefined) this.#addUnits(numbers, index, into, units);
      else {
        this.#addNext(numbers, index, into, hi);
        if (lo !== 0) this.#addNext(numbers, index, into, lo);
      }
    }
  }

  #addUnits(numbers: Float64Array, index: number, slot: number, more: bigint): void {
    const units = this.#units.get(slot);
    const hi = numbers[index] as number;
    if (units === undefined && !Number.isFinite(hi)) return; // special, whatever is added
    const before = units ?? unitsOf(hi) + unitsOf(numbers[index + 1] as number);
    this.#units.set(slot, before + more);
    numbers[index] = 0;
    numbers[index + 1] = Number.NaN;
    this.#settle(numbers, index, slot);
  }

  *write(rows: RowsToWrite, absence: Absence | null): Iterable<[string, TableColumn]> {
    const columns = this.#columns;
    if (this.#units.size > 0) {
      yield* this.#writeUnits(rows, presentIn(rows, absence));
      return;
    }
    yield [columns.hi, packedColumn('float8', rows, this.#at, absence)];
    yield [columns.lo, packedColumn('float8', rows, this.#at + 1, absence)];
    yield [columns.rest, NOTHING_MORE];
  }

  *#writeUnits(rows: RowsToWrite, present: Uint8Array | null): Iterable<[string, ColumnValues]> {
    const { slots } = rows;
    const hi = numbersAt(rows, this.#at);
    const lo = numbersAt(rows, this.#at + 1);
    const rest = new Array<readonly number[] | null>(slots.length).fill(null);
    for (let i = 0; i < slots.length; i += 1) {
      const units = this.#units.get(slots[i] as number);
      if (units === undefined) continue;
      const parts = expansionOf(units);
      const nearest = nearestDouble(units);
      const inRange = Number.isFinite(nearest);
      hi[i] = nearest;
      lo[i] = inRange ? (parts[1] ?? 0) : 0;
      const more = inRange ? parts.slice(2) : parts;
      rest[i] = more.length === 0 ? null : more;
    }
    yield [this.#columns.hi, { type: 'float8', values: hi, present }];
    yield [this.#columns.lo, { type: 'float8', values: lo, present }];
    yield [this.#columns.rest, { type: 'float8[]', values: rest }];
  }

  clear(slot: number): void {
    this.#units.delete(slot);
  }

  move(from: number, to: number): void {
    moveBeside(this.#units, from, to);
  }

  forget(count?: number): void {
    forgetFrom(this.#units, count);
  }
}
