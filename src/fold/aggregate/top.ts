import type { FieldType } from '../../event/field-type.ts';
import type { FieldValue } from './field-value.ts';
import { compareFieldValues, shownInJson, valueFromJson, valueToJson } from './field-value.ts';
import { hashValue } from './hash-value.ts';
import type { ObjectState } from './object-state.ts';

/**
 * Counts by value: of all values, while there are at most `distinctUpTo` different ones; beyond that of those with the smallest hashes. A value that is dropped
 * has a larger hash than all kept and so never comes back: the counts kept are exact, and which are kept depends on the set alone.
 */
export interface Top {
  readonly counts: Map<FieldValue, number>;
  exact: boolean;
}

/** How often each value of a field occurs, for at most `distinctUpTo` of them. */
export function topState(distinctUpTo: number): ObjectState<Top> {
  const add = (state: Top, value: FieldValue, times: number) => {
    const before = state.counts.get(value);
    state.counts.set(value, (before ?? 0) + times);
    if (before === undefined && state.counts.size > distinctUpTo) {
      state.counts.delete(largestHash(state.counts.keys()));
      state.exact = false;
    }
  };
  return {
    zero: () => ({ counts: new Map(), exact: true }),
    add(state, value) {
      add(state, value, 1);
      return state;
    },
    merge(state, other) {
      // Only values below both limits were counted by both: adding everything and dropping the largest hashes leaves exactly those.
      for (const [value, times] of other.counts) add(state, value, times);
      state.exact &&= other.exact;
      return state;
    },
    toJson: ({ counts, exact }) => ({
      exact,
      counts: [...counts]
        .sort(([a], [b]) => compareFieldValues(a, b))
        .map(([value, times]) => [valueToJson(value), times]),
    }),
    fromJson(json) {
      const { exact, counts } = json as { exact: boolean; counts: [unknown, number][] };
      return {
        exact,
        counts: new Map(counts.map(([value, times]) => [valueFromJson(value), times])),
      };
    },
  };
}

/** The `k` most frequent, ties by value. */
export function topOf({ counts }: Top, k: number, type: FieldType): unknown {
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || compareFieldValues(a, b))
    .slice(0, k)
    .map(([value, count]) => ({ value: shownInJson(value, type), count }));
}

function largestHash(values: Iterable<FieldValue>): FieldValue {
  let largest: FieldValue | null = null;
  let hash: readonly [number, number] = [-1, -1];
  for (const value of values) {
    const next = hashValue(value);
    const isLarger =
      next[0] > hash[0] ||
      (next[0] === hash[0] &&
        (next[1] > hash[1] ||
          (next[1] === hash[1] && largest !== null && compareFieldValues(value, largest) > 0)));
    if (isLarger) [largest, hash] = [value, next];
  }
  return largest as FieldValue;
}
