import type { Keys } from '../rows/keys.ts';
import type { RowState } from '../rows/row-state.ts';
import { WINDOW_START } from '../rows/row-state.ts';

/** Average rows per key from which ordering them pays: sorting keys is then a small part of it. */
const ROWS_PER_KEY_MIN = 4;

/**
 * Returns all slots, ordered by key and window as in the primary key, so that Postgres finds its
 * index already sorted and the rows of a key share pages. If keys have few rows, slots keep their
 * order. Nothing relies on the order: for collations other than "C", Postgres sorts again.
 */
export function slotsInKeyOrder(keys: Keys, state: RowState): Int32Array {
  const slots = new Int32Array(state.count);
  for (let slot = 0; slot < state.count; slot += 1) slots[slot] = slot;
  if (state.count < ROWS_PER_KEY_MIN * keys.count) return slots;
  const byWindow = ordered(slots, windowRanks(state));
  const keyRanks = keys.ranks();
  const ranks = new Int32Array(state.count);
  for (let slot = 0; slot < state.count; slot += 1) {
    ranks[slot] = keyRanks[state.keyIds[slot] as number] as number;
  }
  return ordered(byWindow, { count: keys.count, ranks });
}

/** The sort order of slots: a number from 0 to count-1 for each. */
interface Ranks {
  readonly count: number;
  readonly ranks: Int32Array;
}

/**
 * Returns by slot the rank of its window among all. Neighbouring slots often share one, which is
 * then not looked up again.
 */
function windowRanks({ numbers, stride, count }: RowState): Ranks {
  const met = new Map<number, number>();
  const ranks = new Int32Array(count);
  let start = Number.NaN;
  let index = 0;
  for (let slot = 0; slot < count; slot += 1) {
    const next = numbers[slot * stride + WINDOW_START] as number;
    if (next !== start) {
      start = next;
      index = met.get(start) ?? met.size;
      met.set(start, index);
    }
    ranks[slot] = index;
  }
  const rankOf = new Int32Array(met.size);
  const inOrder = [...met].sort(([a], [b]) => a - b);
  for (const [rank, [, at]] of inOrder.entries()) rankOf[at] = rank;
  for (let slot = 0; slot < count; slot += 1) ranks[slot] = rankOf[ranks[slot] as number] as number;
  return { count: met.size, ranks };
}

/** Returns the slots by rank; slots of one rank keep their order. */
function ordered(slots: Int32Array, { count, ranks }: Ranks): Int32Array {
  const next = new Int32Array(count + 1);
  for (let slot = 0; slot < ranks.length; slot += 1) {
    const after = (ranks[slot] as number) + 1;
    next[after] = (next[after] as number) + 1;
  }
  for (let rank = 1; rank <= count; rank += 1) {
    next[rank] = (next[rank] as number) + (next[rank - 1] as number);
  }
  const found = new Int32Array(slots.length);
  for (let i = 0; i < slots.length; i += 1) {
    const slot = slots[i] as number;
    const rank = ranks[slot] as number;
    const place = next[rank] as number;
    found[place] = slot;
    next[rank] = place + 1;
  }
  return found;
}
