import type { WindowedPlan } from '../../projection/plan/plan.ts';
import type { ColumnValues, RowSet, TableRows } from '../../projection/plan/row-set.ts';
import type { Selection } from '../aggregate/accumulator.ts';
import { Measures } from '../aggregate/measures.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { Keys } from '../rows/keys.ts';
import { keyPartsAt } from '../rows/keys.ts';
import { packedColumn } from '../rows/packed-column.ts';
import {
  HEADER_NUMBERS,
  REVISED_AT,
  RowState,
  WINDOW_END,
  WINDOW_START,
} from '../rows/row-state.ts';

/**
 * Records accumulated per pass: few enough that their rows stay in the processor's cache from one
 * accumulator to the next.
 */
const CHUNK = 2048;

/**
 * Rows in memory, of windows or of panes: maps key and bounds to a slot, with measures. Records are
 * selected first and accumulated in chunks (`drain`). z-scores follow the header in the stride: NaN
 * for none.
 */
export class WindowRows {
  readonly state: RowState;
  readonly measures: Measures;
  readonly #plan: WindowedPlan;
  /** Columns of z-scores. */
  readonly #scores: readonly string[];
  readonly #selections: Selection[];

  /** @param twin other rows of the same plan, whose measures prepare the parts for both */
  constructor(plan: WindowedPlan, twin: WindowRows | null = null) {
    this.#plan = plan;
    this.#scores = plan.measures.flatMap(({ aggregate, column }) =>
      aggregate === 'zScore' ? [column] : [],
    );
    const at = HEADER_NUMBERS + this.#scores.length;
    this.measures = new Measures(plan, at, twin?.measures ?? null);
    this.state = new RowState(at + this.measures.width);
    this.#selections = plan.sources.map(() => ({
      count: 0,
      records: new Int32Array(CHUNK),
      slots: new Int32Array(CHUNK),
    }));
  }

  /**
   * Selects record j of a part for a row; it is accumulated at the next `drain` of the part, at the
   * latest when the chunk is full.
   */
  select(part: SourcePart, j: number, slot: number): void {
    const selection = this.#selections[part.source] as Selection;
    selection.records[selection.count] = j;
    selection.slots[selection.count] = slot;
    selection.count += 1;
    if (selection.count === CHUNK) this.#accumulate(part, selection);
  }

  /** Accumulates all selected records. */
  drain(parts: readonly SourcePart[]): void {
    for (const part of parts) {
      const selection = this.#selections[part.source] as Selection;
      if (selection.count > 0) this.#accumulate(part, selection);
    }
  }

  #accumulate(part: SourcePart, selection: Selection): void {
    this.measures.add(this.state, part, selection);
    selection.count = 0;
  }

  startOf(slot: number): number {
    return this.state.numbers[slot * this.state.stride + WINDOW_START] as number;
  }

  endOf(slot: number): number {
    return this.state.numbers[slot * this.state.stride + WINDOW_END] as number;
  }

  /** Sets the offset of the last late event that changed the row. */
  revise(slot: number, offset: number): void {
    const index = slot * this.state.stride + REVISED_AT;
    const before = this.state.numbers[index] as number;
    if (!(before >= offset)) this.state.numbers[index] = offset;
  }

  /** Sets the z-score of the n-th score column. */
  score(slot: number, n: number, value: number): void {
    this.state.numbers[slot * this.state.stride + HEADER_NUMBERS + n] = value;
  }

  /** Merges stored or partial rows. Calls `onNew` with each created slot. */
  absorb(rows: RowSet, keys: Keys, onNew: (slot: number) => void): void {
    const columns = new Map<string, ColumnValues>(
      this.#plan.table.columns.map(({ name }, c) => [name, rows.columns[c] as ColumnValues]),
    );
    const starts = timestamps(columns, 'window_start');
    const ends = timestamps(columns, 'window_end');
    const revised = columns.get('revised_at_offset');
    for (let i = 0; i < rows.count; i += 1) {
      const keyId = keys.idOf(keyPartsAt(this.#plan.keys, columns, i));
      const known = this.state.count;
      const slot = this.slotOf(keyId, starts[i] as number, ends[i] as number);
      if (slot === known) onNew(slot);
      if (revised?.type === 'int8' && revised.present?.[i] !== 0) {
        this.revise(slot, revised.values[i] as number);
      }
      for (const [n, column] of this.#scores.entries()) {
        const values = columns.get(column);
        if (values?.type === 'float8' && values.present?.[i] !== 0) {
          this.score(slot, n, values.values[i] as number);
        }
      }
      this.measures.merge(this.state, slot, columns, i);
    }
  }

  /** Returns the slot of a row; creates it if it has none. */
  slotOf(keyId: number, startMs: number, endMs: number): number {
    if (this.#scores.length === 0) return this.state.slotOf(keyId, startMs, endMs);
    const known = this.state.count;
    const slot = this.state.slotOf(keyId, startMs, endMs);
    if (slot === known) {
      for (let n = 0; n < this.#scores.length; n += 1) this.score(slot, n, Number.NaN);
    }
    return slot;
  }

  /** Returns the given rows as columns, in the order of the table plan, packed if possible. */
  write(
    keys: Keys,
    slots: Int32Array,
    isClosed: (slot: number) => boolean,
    memory?: Float64Array,
  ): TableRows {
    const rows = this.state.copyOf(slots, memory);
    const columns = this.measures.write(rows);
    const ids = new Int32Array(slots.length);
    for (let i = 0; i < slots.length; i += 1) {
      ids[i] = this.state.keyIds[slots[i] as number] as number;
    }
    for (const [name, values] of keys.columns(ids)) columns.set(name, values);
    for (const [name, at] of [
      ['window_start', WINDOW_START],
      ['window_end', WINDOW_END],
    ] as const) {
      columns.set(name, packedColumn('timestamptz', rows, at));
    }
    const never = { at: REVISED_AT, is: Number.NaN };
    columns.set('revised_at_offset', packedColumn('int8', rows, REVISED_AT, never));
    if (this.#plan.emit === 'onClose') {
      columns.set('_closed', {
        type: 'boolean',
        values: Uint8Array.from(slots, (slot) => (isClosed(slot) ? 1 : 0)),
        present: null,
      });
    }
    for (const [n, column] of this.#scores.entries()) {
      const at = HEADER_NUMBERS + n;
      columns.set(column, packedColumn('float8', rows, at, { at, is: Number.NaN }));
    }
    return {
      count: slots.length,
      columns: this.#plan.table.columns.map(({ name }) => {
        const values = columns.get(name);
        if (values === undefined) throw new TypeError(`no values for column ${name}`);
        return values;
      }),
    };
  }

  /**
   * Keeps the rows for which `keep` is true. `rename` returns the key's new id. No row may be
   * marked as changed.
   */
  compact(keep: (slot: number) => boolean, rename: (keyId: number) => number): void {
    this.state.compact(keep, (from, to) => {
      this.state.keyIds[to] = rename(this.state.keyIds[to] as number);
      this.measures.move(from, to);
    });
    this.measures.forget(this.state.count);
  }

  /** Removes every row. */
  clear(): void {
    this.state.clear();
    this.measures.forget();
  }
}

function timestamps(columns: ReadonlyMap<string, ColumnValues>, name: string): Float64Array {
  const values = columns.get(name);
  if (values?.type !== 'timestamptz') throw new TypeError(`rows without ${name}`);
  return values.values;
}
