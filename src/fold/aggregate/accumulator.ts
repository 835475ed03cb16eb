import type { Absence, ColumnValues, TableColumn } from '../../projection/plan/row-set.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import type { RowState } from '../rows/row-state.ts';

/**
 * The records of a batch that go into rows: entry i is record `records[i]`, for the row in
 * `slots[i]`.
 */
export interface Selection {
  count: number;
  readonly records: Int32Array;
  readonly slots: Int32Array;
}

/**
 * Rows to merge with others: entry i says that row `from[i]` of the source goes into row `into[i]`
 * of the target.
 */
export interface RowPairs {
  readonly count: number;
  readonly from: Int32Array;
  readonly into: Int32Array;
}

/** Columns of a row set, by name. */
export type ColumnsByName = ReadonlyMap<string, ColumnValues>;

/**
 * One piece of state per row: commutative, associative and exact, so that rows may be folded in any
 * order and merged from parts (laws 2 and 4). Its numbers lie in the rows' strides from `at`,
 * `width` of them; what does not fit there it keeps beside, by slot.
 */
export interface Accumulator {
  /** Doubles it needs per row; all 0 in a new row. */
  readonly width: number;
  /** Tells where its numbers begin in a stride; once, before use. */
  place(at: number): void;
  /**
   * Takes in the selected records of a part. `fieldIndex`: the column of its field; -1 for
   * accumulators of whole events.
   */
  add(state: RowState, selection: Selection, part: SourcePart, fieldIndex: number): void;
  /** Merges row `i` of a set into the row in `slot`. */
  merge(state: RowState, slot: number, columns: ColumnsByName, i: number): void;
  /**
   * Merges rows in memory, held by `other` (of the same kind and place; it may be this one) with
   * their numbers in `source`. They stay as they are.
   */
  mergeRows(target: RowState, other: Accumulator, source: RowState, pairs: RowPairs): void;
  /**
   * Its columns for the given rows, packed where they can be. `absence`: where its field had no
   * value.
   */
  write(rows: RowsToWrite, absence: Absence | null): Iterable<[string, TableColumn]>;
  /** A row moved to another slot; what is kept beside moves with it. */
  move(from: number, to: number): void;
  /** The row in a slot begins anew; its numbers are 0 already. */
  clear(slot: number): void;
  /**
   * Every row was forgotten, or, with `count`, those from that slot on; what is kept beside of them
   * goes.
   */
  forget(count?: number): void;
}

/** Drops what is kept beside for slots from `count` on. */
export function forgetFrom(beside: Map<number, unknown>, count = 0): void {
  if (count === 0) beside.clear();
  else for (const slot of beside.keys()) if (slot >= count) beside.delete(slot);
}

/** Moves what is kept beside of one slot. */
export function moveBeside<Value>(beside: Map<number, Value>, from: number, to: number): void {
  if (from === to || beside.size === 0) return;
  const value = beside.get(from);
  beside.delete(from);
  if (value === undefined) beside.delete(to);
  else beside.set(to, value);
}
