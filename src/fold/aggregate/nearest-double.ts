/**
 * Doubles as exact integers: every finite double is an integer number of units of 2^-1074, so a
 * bigint of such units holds any sum of doubles exactly, whatever the order and intermediate
 * overflows (a superaccumulator; Kulisch 2013).
 */
const UNIT_EXPONENT = -1074;
const FRACTION_BITS = 52n;

const word = new Float64Array(1);
const bits = new BigUint64Array(word.buffer);

/** Converts a finite double to units of 2^-1074. */
export function unitsOf(value: number): bigint {
  word[0] = value;
  const raw = bits[0] as bigint;
  const exponent = (raw >> FRACTION_BITS) & 0x7ffn;
  const fraction = raw & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return raw >> 63n === 1n ? -magnitude : magnitude;
}

/**
 * Returns the double nearest to `units`, ties to even; ±Infinity beyond the range of doubles. Zero
 * is +0.
 */
export function nearestDouble(units: bigint): number {
  if (units === 0n) return 0;
  const magnitude = units < 0n ? -units : units;
  const length = bitLength(magnitude);
  const shift = BigInt(Math.max(0, length - 53));
  let kept = magnitude >> shift;
  const cut = magnitude - (kept << shift);
  const half = shift === 0n ? 0n : 1n << (shift - 1n);
  if (cut > half || (cut === half && shift > 0n && (kept & 1n) === 1n)) kept += 1n;
  const exponent = Number(shift) + UNIT_EXPONENT;
  const rounded = exponent > 1023 ? Infinity : Number(kept) * powerOfTwo(exponent);
  return units < 0n ? -rounded : rounded;
}

/**
 * Returns the canonical expansion of an exact sum: its nearest double, then the nearest double of
 * the remainder, and so on. Depends only on the value. A sum beyond the range of doubles is
 * expanded from ±Number.MAX_VALUE down.
 */
export function expansionOf(units: bigint): number[] {
  const parts: number[] = [];
  for (let left = units; left !== 0n; ) {
    const nearest = nearestDouble(left);
    const part = Number.isFinite(nearest) ? nearest : Math.sign(nearest) * Number.MAX_VALUE;
    parts.push(part);
    left -= unitsOf(part);
  }
  return parts;
}

function bitLength(magnitude: bigint): number {
  const hex = magnitude.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)));
}

/** Returns a finite double that is not 0 as an odd integer times a power of two. */
export function wholeOf(value: number): {
  readonly significand: number;
  readonly exponent: number;
} {
  word[0] = value;
  const raw = bits[0] as bigint;
  const field = Number((raw >> FRACTION_BITS) & 0x7ffn);
  const fraction = Number(raw & 0xfffffffffffffn);
  const magnitude = field === 0 ? fraction : fraction + 2 ** 52;
  const low = magnitude % 2 ** 32;
  const zeros = low === 0 ? 32 + zerosBelow(Math.floor(magnitude / 2 ** 32)) : zerosBelow(low);
  const significand = magnitude / 2 ** zeros;
  return {
    significand: value < 0 ? -significand : significand,
    exponent: Math.max(field, 1) - 1075 + zeros,
  };
}

/** Counts how many times 2 divides a number that is not 0. */
export function trailingZeros(value: bigint): number {
  let zeros = 0;
  let left = value;
  for (; (left & 0xffffffffn) === 0n; zeros += 32) left >>= 32n;
  return zeros + zerosBelow(Number(left & 0xffffffffn));
}

/** Counts the trailing zero bits of a number of 32 bits that is not 0. */
function zerosBelow(bits32: number): number {
  return 31 - Math.clz32(bits32 & -bits32);
}

/**
 * Computes top / bottom · 2^exponent as the nearest double, ties to even; bottom is above 0.
 * ±Infinity beyond the range of doubles. Zero is +0.
 */
export function roundedQuotient(top: bigint, bottom: bigint, exponent: number): number {
  if (top === 0n) return 0;
  const magnitude = top < 0n ? -top : top;
  // At least 66 bits, the last of which tells whether anything was cut off: more than rounding to
  // 53 needs.
  const shift = BigInt(Math.max(0, 67 + bitLength(bottom) - bitLength(magnitude)));
  const scaled = magnitude << shift;
  const quotient = scaled / bottom;
  const sticky = quotient * bottom === scaled ? quotient : quotient | 1n;
  const rounded = nearestDouble(roundedUnits(sticky, exponent - Number(shift)));
  return top < 0n ? -rounded : rounded;
}

/**
 * Converts magnitude · 2^exponent to units of 2^-1074, rounded once, ties to even: to 53 bits, or
 * to whole units if they are coarser.
 */
function roundedUnits(magnitude: bigint, exponent: number): bigint {
  const drop = Math.max(bitLength(magnitude) - 53, UNIT_EXPONENT - exponent);
  if (drop <= 0) return magnitude << BigInt(exponent - UNIT_EXPONENT);
  const kept = magnitude >> BigInt(drop);
  const rest = magnitude - (kept << BigInt(drop));
  const half = 1n << BigInt(drop - 1);
  const rounded = rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
  return rounded << BigInt(exponent + drop - UNIT_EXPONENT);
}

/** Computes 2^exponent for -1074 ≤ exponent ≤ 1023, exact. */
export function powerOfTwo(exponent: number): number {
  bits[0] =
    exponent >= -1022 ? BigInt(exponent + 1023) << FRACTION_BITS : 1n << BigInt(exponent + 1074);
  return word[0] as number;
}
