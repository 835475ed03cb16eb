import type { FieldType } from '../../event/field-type.ts';
import type { FieldValue } from './field-value.ts';
import { compareFieldValues, shownInJson, valueFromJson, valueToJson } from './field-value.ts';
import { hashValue } from './hash-value.ts';
import type { ObjectState } from './object-state.ts';

/**
 * Counts by value: of all values, up to `distinctUpTo` distinct ones; beyond that, of those with
 * the smallest hashes. A dropped value has a larger hash than all kept ones and is never added
 * again: kept counts are exact, and which values are kept depends only on the set.
 */
export interface Top {
  readonly counts: Map<FieldValue, number>;
  exact: boolean;
  /** Hashes of the kept values, and the largest of them; null until the limit is reached. */
  hashes: Map<FieldValue, number> | null;
  largest: { readonly value: FieldValue; readonly hash: number } | null;
}

/** Creates the state: counts of a field's values, for at most `distinctUpTo` of them. */
export function topState(distinctUpTo: number): ObjectState<Top> {
  const add = (state: Top, value: FieldValue, times: number) => {
    const { counts } = state;
    const before = counts.get(value);
    if (before !== undefined || counts.size < distinctUpTo) {
      counts.set(value, (before ?? 0) + times);
      return;
    }
    state.exact = false;
    const hash = hashValue(value);
    state.hashes ??= new Map([...counts.keys()].map((each) => [each, hashValue(each)]));
    state.largest ??= largestOf(state.hashes);
    if (isAbove({ value, hash }, state.largest)) return;
    counts.delete(state.largest.value);
    state.hashes.delete(state.largest.value);
    counts.set(value, times);
    state.hashes.set(value, hash);
    state.largest = largestOf(state.hashes);
  };
  const stateOf = (counts: Map<FieldValue, number>, exact: boolean): Top => ({
    counts,
    exact,
    hashes: null,
    largest: null,
  });
  return {
    zero: () => stateOf(new Map(), true),
    add(state, value) {
      add(state, value, 1);
      return state;
    },
    merge(state, other) {
      // Values that either side dropped are above its limit: adding all and keeping the smallest
      // hashes leaves only values that both sides counted completely.
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
      return stateOf(new Map(counts.map(([value, times]) => [valueFromJson(value), times])), exact);
    },
  };
}

/** Returns the `k` most frequent values, ties by value. */
export function topOf({ counts }: Top, k: number, type: FieldType): unknown {
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || compareFieldValues(a, b))
    .slice(0, k)
    .map(([value, count]) => ({ value: shownInJson(value, type), count }));
}

interface Hashed {
  readonly value: FieldValue;
  readonly hash: number;
}

function largestOf(hashes: ReadonlyMap<FieldValue, number>): Hashed {
  let largest: Hashed | null = null;
  for (const [value, hash] of hashes) {
    if (largest === null || hash > largest.hash || isAbove({ value, hash }, largest)) {
      largest = { value, hash };
    }
  }
  return largest as Hashed;
}

/** Compares by hash, then by value. */
function isAbove(a: Hashed, b: Hashed): boolean {
  return a.hash > b.hash || (a.hash === b.hash && compareFieldValues(a.value, b.value) > 0);
}
