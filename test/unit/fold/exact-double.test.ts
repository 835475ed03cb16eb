import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expansionOf,
  nearestDouble,
  roundedQuotient,
  unitsOf,
} from '../../../src/fold/aggregate/nearest-double.ts';
import { double } from './readings.ts';

const finite = double.filter(Number.isFinite);
/** Sums of doubles: what a row's exact sum may be. */
const units = fc.oneof(
  fc.array(finite, { maxLength: 8 }).map((xs) => xs.reduce((sum, x) => sum + unitsOf(x), 0n)),
  fc.bigInt({ min: -(2n ** 120n), max: 2n ** 120n }),
  // Halfway between two doubles, and one unit to either side.
  fc
    .record({
      odd: fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }),
      shift: fc.integer({ min: 1, max: 2045 }),
      off: fc.constantFrom(-1n, 0n, 1n),
      sign: fc.constantFrom(1n, -1n),
    })
    .map(({ odd, shift, off, sign }) => sign * (((odd << 1n) | 1n) << BigInt(shift - 1)) + off),
  // Around the end of the range of doubles.
  fc
    .record({ off: fc.constantFrom(-1n, 0n, 1n), part: fc.constantFrom(0n, 1n, 2n, 4n) })
    .map(({ off, part }) => unitsOf(Number.MAX_VALUE) + part * 2n ** (970n + 1074n - 1n) + off),
);

/**
 * n · 2^−1074 = n · 5^1074 · 10^−1074: an exact decimal text, which JavaScript must round
 * correctly.
 */
const rounded = (n: bigint) => Number(`${n * 5n ** 1074n}e-1074`);

describe('unitsOf and nearestDouble', () => {
  it('give every finite double back', () => {
    fc.assert(
      fc.property(finite, (x) => {
        expect(nearestDouble(unitsOf(x))).toBe(x === 0 ? 0 : x);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [5e-324, 1n],
    [-5e-324, -1n],
    [2 ** -1022, 2n ** 52n],
    [2 ** -1022 - 5e-324, 2n ** 52n - 1n],
    [1, 2n ** 1074n],
    [-0, 0n],
    [Number.MAX_VALUE, (2n ** 53n - 1n) * 2n ** 2045n],
  ])('know %s', (x, n) => {
    expect(unitsOf(x)).toBe(n);
  });
});

describe('nearestDouble', () => {
  it('rounds as decimal text is rounded', () => {
    fc.assert(
      fc.property(units, (n) => {
        expect(nearestDouble(n)).toBe(rounded(n));
      }),
      { numRuns: 2000 },
    );
  });

  it('is infinite from half a unit beyond the greatest double', () => {
    const most = unitsOf(Number.MAX_VALUE);
    const half = 2n ** (970n + 1074n);
    expect(nearestDouble(most + half - 1n)).toBe(Number.MAX_VALUE);
    expect(nearestDouble(most + half)).toBe(Infinity);
    expect(nearestDouble(-most - half)).toBe(-Infinity);
    expect(nearestDouble(2n ** 5000n)).toBe(Infinity);
  });
});

describe('expansionOf', () => {
  it('sums back exactly, each part the nearest double of what is left', () => {
    fc.assert(
      fc.property(units, (n) => {
        const parts = expansionOf(n);
        let left = n;
        for (const part of parts) {
          expect(part).not.toBe(0);
          const nearest = rounded(left);
          expect(part).toBe(
            Number.isFinite(nearest) ? nearest : Math.sign(nearest) * Number.MAX_VALUE,
          );
          left -= unitsOf(part);
        }
        expect(left).toBe(0n);
      }),
      { numRuns: 1000 },
    );
  });

  it('of nothing is empty', () => {
    expect(expansionOf(0n)).toEqual([]);
  });
});

describe('roundedQuotient', () => {
  /**
   * top · 2^exponent / bottom to more digits than any tie has (767), which JavaScript must round
   * correctly.
   */
  const exact = (top: bigint, bottom: bigint, exponent: number) => {
    const [over, under] = [
      2n ** BigInt(Math.max(0, exponent)),
      2n ** BigInt(Math.max(0, -exponent)),
    ];
    const digits = (bottom * under).toString().length + 1_100;
    return Number(`${(top * over * 10n ** BigInt(digits)) / (bottom * under)}e-${digits}`);
  };

  it('rounds once, also where doubles are no longer normal', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
        fc.bigInt({ min: 1n, max: 2n ** 70n }),
        fc.oneof(fc.integer({ min: -1300, max: 1000 }), fc.integer({ min: -1130, max: -1060 })),
        (top, bottom, exponent) => {
          const nearest = exact(top, bottom, exponent);
          expect(Math.abs(roundedQuotient(top, bottom, exponent))).toBe(Math.abs(nearest));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
