import type { Absence, TableColumn } from '../../projection/plan/row-set.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import { packedColumn } from '../rows/packed-column.ts';
import type { RowState } from '../rows/row-state.ts';
import type { Accumulator, ColumnsByName, RowPairs, Selection } from './accumulator.ts';

/** Counts events, or the non-null values of a field. */
export class Count implements Accumulator {
  readonly width = 1;
  readonly #column: string;
  #at = 0;

  constructor(column: string) {
    this.#column = column;
  }

  place(at: number): void {
    this.#at = at;
  }

  add(state: RowState, selection: Selection, part: SourcePart, fieldIndex: number): void {
    const column = part.columns[fieldIndex];
    const present = column?.present ?? null;
    const { count, slots, records } = selection;
    const { numbers, stride } = state;
    const at = this.#at;
    for (let i = 0; i < count; i += 1) {
      if (present !== null && present[records[i] as number] === 0) continue;
      const index = (slots[i] as number) * stride + at;
      numbers[index] = (numbers[index] as number) + 1;
    }
  }

  merge(state: RowState, slot: number, columns: ColumnsByName, i: number): void {
    const column = columns.get(this.#column);
    if (column?.type !== 'int8') throw new TypeError(`no int8 column ${this.#column}`);
    const index = slot * state.stride + this.#at;
    state.numbers[index] = (state.numbers[index] as number) + (column.values[i] as number);
  }

  mergeRows(target: RowState, _other: Count, source: RowState, pairs: RowPairs): void {
    const { count, from, into } = pairs;
    for (let i = 0; i < count; i += 1) {
      const index = (into[i] as number) * target.stride + this.#at;
      const more = source.numbers[(from[i] as number) * source.stride + this.#at] as number;
      target.numbers[index] = (target.numbers[index] as number) + more;
    }
  }

  *write(rows: RowsToWrite): Iterable<[string, TableColumn]> {
    yield [this.#column, packedColumn('int8', rows, this.#at)];
  }

  /** Marks the rows with count 0. */
  get absence(): Absence {
    return { at: this.#at, is: 0 };
  }

  clear(): void {}

  move(): void {}

  forget(): void {}
}
