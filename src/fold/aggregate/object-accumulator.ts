import type { TableColumn } from '../../projection/plan/row-set.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import type { RowState } from '../rows/row-state.ts';
import type { Accumulator, ColumnsByName, RowPairs, Selection } from './accumulator.ts';
import { fieldValueAt } from './field-value.ts';
import type { ObjectState } from './object-state.ts';

/**
 * An accumulator whose state is an object per row, in a map. A hidden column holds it as JSON text.
 */
export class ObjectAccumulator implements Accumulator {
  readonly width = 0;
  readonly #column: string;
  readonly #state: ObjectState<unknown>;
  readonly #ofEvents: boolean;
  #bySlot: unknown[] = [];

  constructor(column: string, state: ObjectState<unknown>, ofEvents: boolean) {
    this.#column = column;
    this.#state = state;
    this.#ofEvents = ofEvents;
  }

  place(): void {}

  add(_state: RowState, selection: Selection, part: SourcePart, fieldIndex: number): void {
    const column = part.columns[fieldIndex];
    if (column === undefined && !this.#ofEvents) return;
    const { count, slots, records } = selection;
    const { topic, partition, offsets } = part.batch;
    const states = this.#bySlot;
    const logic = this.#state;
    const order = { timeMs: 0, topic, partition, offset: 0 };
    const event = () => part.eventAt(j);
    let j = 0;
    for (let i = 0; i < count; i += 1) {
      j = records[i] as number;
      const slot = slots[i] as number;
      order.timeMs = part.timesMs[j] as number;
      order.offset = offsets[j] as number;
      const state = states[slot] ?? logic.zero();
      if (logic.wants?.(state, order) === false) continue;
      const value = column === undefined || this.#ofEvents ? 0 : fieldValueAt(column, j);
      if (value !== null) states[slot] = logic.add(state, value, order, event);
    }
  }

  merge(_state: RowState, slot: number, columns: ColumnsByName, i: number): void {
    const column = columns.get(this.#column);
    if (column?.type !== 'text') throw new TypeError(`no text column ${this.#column}`);
    const other = this.#state.fromJson(JSON.parse(column.values[i] as string));
    this.#bySlot[slot] = this.#state.merge(this.read(slot), other);
  }

  mergeRows(_target: RowState, other: ObjectAccumulator, _source: RowState, pairs: RowPairs): void {
    for (let i = 0; i < pairs.count; i += 1) {
      const theirs = other.#bySlot[pairs.from[i] as number];
      if (theirs === undefined) continue;
      const into = pairs.into[i] as number;
      this.#bySlot[into] = this.#state.merge(this.read(into), theirs);
    }
  }

  *write({ slots }: RowsToWrite): Iterable<[string, TableColumn]> {
    const values = Array.from(slots, (slot) => JSON.stringify(this.#state.toJson(this.read(slot))));
    yield [this.#column, { type: 'text', values, present: null }];
  }

  /** Returns the state of a row; the state without events if it has none. */
  read(slot: number): unknown {
    return this.#bySlot[slot] ?? this.#state.zero();
  }

  move(from: number, to: number): void {
    this.#bySlot[to] = this.#bySlot[from];
  }

  forget(count = 0): void {
    this.#bySlot.length = Math.min(this.#bySlot.length, count);
  }

  clear(slot: number): void {
    this.#bySlot[slot] = undefined;
  }
}
