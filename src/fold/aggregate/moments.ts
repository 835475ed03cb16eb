import type { FieldType } from '../../event/field-type.ts';
import { unitsOf } from './exact-double.ts';
import type { FieldValue } from './field-value.ts';
import type { ObjectState } from './object-state.ts';

/** Doubles are whole numbers of 2^-1074. */
const UNIT_BITS = 1074;

/** Count, exact sum and exact sum of squares: integers in units of the field (2^-1074 for doubles, 10^-scale for decimals). */
export interface Moments {
  n: bigint;
  sum: bigint;
  squares: bigint;
  /** NaN or an infinity was among the values. */
  broken: boolean;
}

/** What variance and standard deviation need, exactly. */
export function momentsState(_type: FieldType | undefined): ObjectState<Moments> {
  return {
    zero: () => ({ n: 0n, sum: 0n, squares: 0n, broken: false }),
    add(state, value) {
      addTo(state, value);
      return state;
    },
    merge(state, other) {
      state.n += other.n;
      state.sum += other.sum;
      state.squares += other.squares;
      state.broken ||= other.broken;
      return state;
    },
    toJson: ({ n, sum, squares, broken }) => [
      n.toString(),
      sum.toString(16),
      squares.toString(16),
      broken,
    ],
    fromJson(json) {
      const [n, sum, squares, broken] = json as [string, string, string, boolean];
      return { n: BigInt(n), sum: fromHex(sum), squares: fromHex(squares), broken };
    },
  };
}

/** Takes a value into moments. */
export function addTo(state: Moments, value: FieldValue): void {
  state.n += 1n;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    state.broken = true;
    return;
  }
  const units = typeof value === 'number' ? unitsOf(value) : (value as bigint);
  state.sum += units;
  state.squares += units * units;
}

/** (n · Σx² − (Σx)²) / (n · (n − 1)), rounded once; null for fewer than two values; NaN where one was not finite. */
export function varianceOf({ n, sum, squares, broken }: Moments, type: FieldType): number | null {
  if (n < 2n) return null;
  if (broken) return Number.NaN;
  const top = n * squares - sum * sum;
  const bottom = n * (n - 1n);
  if (isDouble(type)) return ratio(top, bottom, -2 * UNIT_BITS);
  return ratio(top, bottom * 10n ** BigInt(2 * (type.kind === 'decimal' ? type.scale : 0)), 0);
}

/** The mean, rounded once. */
export function meanOf({ n, sum }: Moments, type: FieldType): number {
  if (isDouble(type)) return ratio(sum, n, -UNIT_BITS);
  return ratio(sum, n * 10n ** BigInt(type.kind === 'decimal' ? type.scale : 0), 0);
}

function isDouble({ kind }: FieldType): boolean {
  return kind === 'double' || kind === 'float' || kind === 'int';
}

/** top / bottom · 2^exponent as the nearest double (subnormal results may be off by half a unit). */
function ratio(top: bigint, bottom: bigint, exponent: number): number {
  if (top === 0n) return 0;
  const negative = top < 0n;
  const magnitude = negative ? -top : top;
  const shift = Math.max(0, 70 + bottom.toString(2).length - magnitude.toString(2).length);
  const scaled = magnitude << BigInt(shift);
  let quotient = scaled / bottom;
  if (quotient * bottom !== scaled) quotient |= 1n;
  // Two steps: 2^(exponent − shift) alone may be below the range of doubles.
  const bits = quotient.toString(2).length;
  const cut = Math.max(0, bits - 66);
  const head = quotient >> BigInt(cut);
  const sticky = head << BigInt(cut) === quotient ? head : head | 1n;
  const power = exponent - shift + cut;
  const half = Math.trunc(power / 2);
  const value = Number(sticky) * 2 ** half * 2 ** (power - half);
  return negative ? -value : value;
}

function fromHex(text: string): bigint {
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}
