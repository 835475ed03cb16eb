import type { Absence, TableColumn } from '../../projection/plan/row-set.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import { numbersAt, presentIn } from '../rows/packed-column.ts';
import type { RowState } from '../rows/row-state.ts';
import type { Accumulator, ColumnsByName, RowPairs, Selection } from './accumulator.ts';
import { forgetFrom, moveBeside } from './accumulator.ts';

/**
 * The exact sum of longs, or of decimals' unscaled values: a safe integer in the stride, beyond
 * that a bigint in a map.
 */
export class IntegerSum implements Accumulator {
  readonly width = 1;
  readonly #column: string;
  /** Sums beyond safe integers; the stride's number is NaN for them. */
  readonly #large = new Map<number, bigint>();
  #at = 0;

  constructor(column: string) {
    this.#column = column;
  }

  place(at: number): void {
    this.#at = at;
  }

  add(state: RowState, selection: Selection, part: SourcePart, fieldIndex: number): void {
    const column = part.columns[fieldIndex];
    if (column?.kind !== 'long' && column?.kind !== 'decimal') {
      throw new TypeError('an integer sum needs a long or decimal column');
    }
    const { present } = column;
    for (let i = 0; i < selection.count; i += 1) {
      const record = selection.records[i] as number;
      if (present !== null && present[record] === 0) continue;
      const slot = selection.slots[i] as number;
      if (column.kind === 'decimal') this.#addLarge(state, slot, column.unscaled[record] as bigint);
      else if (column.exact !== null) this.#addLarge(state, slot, column.exact[record] as bigint);
      else this.#addSafe(state, slot, column.values[record] as number);
    }
  }

  #addSafe(state: RowState, slot: number, x: number): void {
    const index = slot * state.stride + this.#at;
    const sum = (state.numbers[index] as number) + x;
    if (Number.isSafeInteger(sum)) state.numbers[index] = sum;
    else this.#addLarge(state, slot, BigInt(x));
  }

  #addLarge(state: RowState, slot: number, x: bigint): void {
    const index = slot * state.stride + this.#at;
    const sum = this.#value(state, slot) + x;
    if (sum >= BigInt(Number.MIN_SAFE_INTEGER) && sum <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.#large.delete(slot);
      state.numbers[index] = Number(sum);
    } else {
      this.#large.set(slot, sum);
      state.numbers[index] = Number.NaN;
    }
  }

  #value(state: RowState, slot: number): bigint {
    return this.#large.get(slot) ?? BigInt(state.numbers[slot * state.stride + this.#at] as number);
  }

  merge(state: RowState, slot: number, columns: ColumnsByName, i: number): void {
    const column = columns.get(this.#column);
    if (column?.type !== 'numeric') throw new TypeError(`no numeric column ${this.#column}`);
    const value = column.values[i] ?? null;
    if (value !== null) this.#addLarge(state, slot, value);
  }

  mergeRows(target: RowState, other: IntegerSum, source: RowState, pairs: RowPairs): void {
    for (let i = 0; i < pairs.count; i += 1) {
      const from = pairs.from[i] as number;
      const into = pairs.into[i] as number;
      const large = other.#large.size === 0 ? undefined : other.#large.get(from);
      if (large !== undefined) this.#addLarge(target, into, large);
      else {
        const small = source.numbers[from * source.stride + this.#at] as number;
        if (this.#large.size === 0) this.#addSafe(target, into, small);
        else this.#addLarge(target, into, BigInt(small));
      }
    }
  }

  *write(rows: RowsToWrite, absence: Absence | null): Iterable<[string, TableColumn]> {
    const present = presentIn(rows, absence);
    const values = Array.from(numbersAt(rows, this.#at), (number, i) => {
      if (present?.[i] === 0) return null;
      return this.#large.get(rows.slots[i] as number) ?? BigInt(number);
    });
    yield [this.#column, { type: 'numeric', values }];
  }

  clear(slot: number): void {
    this.#large.delete(slot);
  }

  move(from: number, to: number): void {
    moveBeside(this.#large, from, to);
  }

  forget(count?: number): void {
    forgetFrom(this.#large, count);
  }
}
