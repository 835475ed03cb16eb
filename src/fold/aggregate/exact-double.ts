/**
 * Doubles as exact integers: every finite double is a whole number of units of 2^-1074, so a bigint of such units holds any sum of doubles exactly,
 * whatever the order and however far it overflows on the way (a superaccumulator; Kulisch 2013).
 */
const UNIT_EXPONENT = -1074;
const FRACTION_BITS = 52n;

const word = new Float64Array(1);
const bits = new BigUint64Array(word.buffer);

/** A finite double in units of 2^-1074. */
export function unitsOf(value: number): bigint {
  word[0] = value;
  const raw = bits[0] as bigint;
  const exponent = (raw >> FRACTION_BITS) & 0x7ffn;
  const fraction = raw & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return raw >> 63n === 1n ? -magnitude : magnitude;
}

/** The double nearest to `units`, ties to even; ±Infinity beyond the range of doubles. Zero is +0. */
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
 * The canonical expansion of an exact sum: its nearest double, then the nearest double of what is left, and so on. Depends on the value alone.
 * A sum beyond the range of doubles is expanded from ±Number.MAX_VALUE down.
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

/** 2^exponent for -1074 ≤ exponent ≤ 1023, exact. */
function powerOfTwo(exponent: number): number {
  bits[0] =
    exponent >= -1022 ? BigInt(exponent + 1023) << FRACTION_BITS : 1n << BigInt(exponent + 1074);
  return word[0] as number;
}
