import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Distinct } from '../../../../src/fold/aggregate/distinct.ts';
import { distinctCount, distinctState } from '../../../../src/fold/aggregate/distinct.ts';

const state = distinctState(10);
const PLACE = { timeMs: 0, topic: 'numbers', partition: 0, offset: 0 };

function of(values: Iterable<number>): Distinct {
  let distinct = state.zero();
  for (const value of values) distinct = state.add(distinct, value, PLACE, () => value);
  return distinct;
}

it('comes back from its stored form as it was, listed or estimated', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 400 }), (values) => {
      const distinct = of(values);
      const stored = JSON.stringify(state.toJson(distinct));
      const again = state.fromJson(JSON.parse(stored));
      expect(again).toEqual(distinct);
      expect(JSON.stringify(state.toJson(again))).toBe(stored);
    }),
  );
});

it('reads registers as they were stored before migration 0028', () => {
  const distinct = of(Array.from({ length: 5_000 }, (_, i) => i));
  const before = { hll: Buffer.from(distinct.registers as Uint8Array).toString('base64') };
  expect(distinctCount(state.fromJson(before))).toBe(distinctCount(distinct));
});
