import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FieldType } from '../../../../src/event/field-type.ts';
import { quantileOf, type Sketch, sketchState } from '../../../../src/fold/aggregate/sketch.ts';

const DOUBLE: FieldType = { kind: 'double' };
const AT = { timeMs: 0, topic: 't', partition: 0, offset: 0 };

const value = fc.oneof(
  fc.constantFrom(0, -0, 1, 2, 1024, 5e-324, -5e-324, Number.MAX_VALUE, Infinity, -Infinity),
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ noNaN: true }),
);
const errors = fc.constantFrom(0.001, 0.01, 0.05, 0.3);

function sketchOf(values: readonly number[], relativeError: number): Sketch {
  const state = sketchState(relativeError, DOUBLE);
  return values.reduce((sketch, each) => state.add(sketch, each, AT, () => null), state.zero());
}

test('a quantile is within the relative error of the value at its rank', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      errors,
      (values, q, relativeError) => {
        const exact = [...values].sort((a, b) => a - b)[
          Math.floor(q * (values.length - 1))
        ] as number;
        const found = quantileOf(sketchOf(values, relativeError), q, relativeError) as number;
        if (!Number.isFinite(exact) || exact === 0) expect(found).toBe(exact === 0 ? 0 : exact);
        // The smallest doubles lie further apart than the error allows for.
        else
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(
            Math.abs(exact) * relativeError * (1 + 1e-12) + 5e-324,
          );
      },
    ),
    { numRuns: 3_000 },
  );
});

test('neither order, nor division, nor storing shows in the state', () => {
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 40 }),
      fc.nat(),
      errors,
      (values, cut, relativeError) => {
        const state = sketchState(relativeError, DOUBLE);
        const stored = (sketch: Sketch) => JSON.stringify(state.toJson(sketch));
        const at = cut % (values.length + 1);
        const parts = [values.slice(at).reverse(), values.slice(0, at)].map((part) =>
          state.fromJson(JSON.parse(stored(sketchOf(part, relativeError)))),
        ) as [Sketch, Sketch];
        expect(stored(state.merge(...parts))).toBe(stored(sketchOf(values, relativeError)));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('of nothing there is no quantile', () => {
  expect(quantileOf(sketchOf([], 0.01), 0.5, 0.01)).toBeNull();
  expect(quantileOf(sketchOf([Number.NaN], 0.01), 0.5, 0.01)).toBeNaN();
});
