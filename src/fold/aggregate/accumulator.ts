import type { Absence, ColumnValues, TableColumn } from '../../projection/plan/row-set.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import type { RowState } from '../rows/row-state.ts';

/**
 * The records of a batch to accumulate: entry i is record `records[i]`, for the row in `slots[i]`.
 */
export interface Selection {
  count: number;
  readonly records: Int32Array;
  readonly slots: Int32Array;
}

/** Rows to merge: entry i merges row `from[i]` of the source into row `into[i]` of the target. */
export interface RowPairs {
  readonly count: number;
  readonly from: Int32Array;
  readonly into: Int32Array;
}

/** Columns of a row set, by name. */
export type ColumnsByName = ReadonlyMap<string, ColumnValues>;

/**
 * One aggregate's state of all rows: commutative, associative and exact, so that rows may be folded
 * in any order and merged from parts (laws 2 and 4). Its numbers are in each row's stride, `width`
 * of them from `at`. State that does not fit there is kept in a map by slot.
 */
export interface Accumulator {
  /** Number of doubles per row; all 0 in a new row. */
  readonly width: number;
  /** Sets the index of its first number in a stride; called once, before use. */
  place(at: number): void;
  /**
   * Accumulates the selected records of a part. `fieldIndex`: the column of its field; -1 for
   * accumulators of whole events.
   */
  add(state: RowState, selection: Selection, part: SourcePart, fieldIndex: number): void;
  /** Merges row `i` of a set into the row in `slot`. */
  merge(state: RowState, slot: number, columns: ColumnsByName, i: number): void;
  /**
   * Merges rows in memory. They belong to `other` (of the same kind and position; it may be this
   * one), with their numbers in `source`, and do not change.
   */
  mergeRows(target: RowState, other: Accumulator, source: RowState, pairs: RowPairs): void;
  /**
   * Returns its columns for the given rows, packed if possible. `absence`: rows in which its field
   * had no value.
   */
  write(rows: RowsToWrite, absence: Absence | null): Iterable<[string, TableColumn]>;
  /** Moves a row to another slot, with its state in the map. */
  move(from: number, to: number): void;
  /** Resets the row in a slot; its numbers are 0 already. */
  clear(slot: number): void;
  /** Drops the state in the map of every row or, with `count`, of rows from that slot on. */
  forget(count?: number): void;
}

/** Drops the entries of slots from `count` on. */
export function forgetFrom(beside: Map<number, unknown>, count = 0): void {
  if (count === 0) beside.clear();
  else for (const slot of beside.keys()) if (slot >= count) beside.delete(slot);
}

/** Moves the entry of one slot. */
export function moveBeside<Value>(beside: Map<number, Value>, from: number, to: number): void {
  if (from === to || beside.size === 0) return;
  const value = beside.get(from);
  beside.delete(from);
  if (value === undefined) beside.delete(to);
  else beside.set(to, value);
}
