import type { FieldType } from '../../event/field-type.ts';
import type { FieldValue } from './field-value.ts';
import { roundedQuotient, trailingZeros, wholeOf } from './nearest-double.ts';
import type { ObjectState } from './object-state.ts';

/**
 * Count, exact sum and exact sum of squares, as integers: `sum` in units of 2^exponent, `squares`
 * in units of 4^exponent; for decimals those of the unscaled values. The exponent is only as low as
 * the values require, so that integers and short fractions stay small.
 */
export interface Moments {
  n: bigint;
  sum: bigint;
  squares: bigint;
  exponent: number;
  /** True if NaN or an infinity was among the values. */
  broken: boolean;
}

/** Creates the exact state of variance and standard deviation. */
export function momentsState(_type: FieldType | undefined): ObjectState<Moments> {
  return {
    zero,
    add(state, value) {
      addTo(state, value);
      return state;
    },
    merge(state, other) {
      lower(state, other.exponent);
      const shift = BigInt(other.exponent - state.exponent);
      state.n += other.n;
      state.sum += other.sum << shift;
      state.squares += other.squares << (2n * shift);
      state.broken ||= other.broken;
      return state;
    },
    toJson: ({ n, sum, squares, exponent, broken }) => [
      n.toString(),
      ...oddParts(sum, exponent),
      ...oddParts(squares, 2 * exponent),
      broken,
    ],
    fromJson(json) {
      const [n, sum, at, squares, squaresAt, broken] = json as [
        string,
        string,
        number,
        string,
        number,
        boolean,
      ];
      const exponent = Math.min(0, at, Math.floor(squaresAt / 2));
      return {
        n: BigInt(n),
        sum: BigInt(sum) << BigInt(at - exponent),
        squares: BigInt(squares) << BigInt(squaresAt - 2 * exponent),
        exponent,
        broken,
      };
    },
  };
}

function zero(): Moments {
  return { n: 0n, sum: 0n, squares: 0n, exponent: 0, broken: false };
}

/** Adds a value to moments. */
export function addTo(state: Moments, value: FieldValue): void {
  state.n += 1n;
  if (typeof value === 'bigint') {
    const whole = value << BigInt(-state.exponent);
    state.sum += whole;
    state.squares += whole * whole;
  } else if (!Number.isFinite(value)) {
    state.broken = true;
  } else if (value !== 0) {
    const { significand, exponent } = wholeOf(value as number);
    lower(state, exponent);
    const whole = BigInt(significand) << BigInt(exponent - state.exponent);
    state.sum += whole;
    state.squares += whole * whole;
  }
}

/**
 * Computes (n · Σx² − (Σx)²) / (n · (n − 1)), rounded once; null for fewer than two values; NaN if
 * one was not finite.
 */
export function varianceOf(state: Moments, type: FieldType): number | null {
  const { n, sum, squares, exponent, broken } = state;
  if (n < 2n) return null;
  if (broken) return Number.NaN;
  const bottom = n * (n - 1n) * 10n ** BigInt(2 * scaleOf(type));
  return roundedQuotient(n * squares - sum * sum, bottom, 2 * exponent);
}

/** Computes the mean, rounded once. */
export function meanOf({ n, sum, exponent }: Moments, type: FieldType): number {
  return roundedQuotient(sum, n * 10n ** BigInt(scaleOf(type)), exponent);
}

function scaleOf(type: FieldType): number {
  return type.kind === 'decimal' ? type.scale : 0;
}

/** Refines the units to 2^exponent. */
function lower(state: Moments, exponent: number): void {
  if (exponent >= state.exponent) return;
  const shift = BigInt(state.exponent - exponent);
  state.sum <<= shift;
  state.squares <<= 2n * shift;
  state.exponent = exponent;
}

/**
 * Returns an integer number of units of 2^exponent as an odd number and its power of two: the same
 * for the same number, whatever the units.
 */
function oddParts(units: bigint, exponent: number): [string, number] {
  if (units === 0n) return ['0', 0];
  const zeros = trailingZeros(units);
  return [(units >> BigInt(zeros)).toString(), exponent + zeros];
}
