/**
 * Postgres's binary numeric: int16 number of digits, int16 weight, uint16 sign, int16 display
 * scale, then digits in base 10,000, most significant first; the value is Σ digit[i] ×
 * 10,000^(weight − i). (numeric_send and numeric_recv in numeric.c.)
 */
const GROUP_DIGITS = 4;
const HEADER_BYTES = 8;
const NEGATIVE = 0x4000;
const NOT_A_NUMBER = 0xc000;

/**
 * Returns an upper bound of the bytes that `writeNumeric` needs, without printing the number: a
 * hexadecimal digit is 1.21 decimal ones.
 */
export function numericBytesMax(unscaled: bigint): number {
  const decimalDigits = Math.ceil(unscaled.toString(16).length * 1.21) + GROUP_DIGITS;
  return HEADER_BYTES + 2 * Math.ceil(decimalDigits / GROUP_DIGITS + 1);
}

/**
 * Writes `unscaled` × 10^-`scale` at `at`; shows exactly `scale` digits after the point. @returns
 * the end of the value
 */
export function writeNumeric(
  view: DataView,
  at: number,
  { unscaled, scale }: { readonly unscaled: bigint; readonly scale: number },
): number {
  const padding = (GROUP_DIGITS - (scale % GROUP_DIGITS)) % GROUP_DIGITS;
  const text = (unscaled < 0n ? -unscaled : unscaled).toString() + '0'.repeat(padding);
  const groups = Math.ceil(text.length / GROUP_DIGITS);
  view.setInt16(at, groups);
  view.setInt16(at + 2, groups - (scale + padding) / GROUP_DIGITS - 1);
  view.setUint16(at + 4, unscaled < 0n ? NEGATIVE : 0);
  view.setInt16(at + 6, scale);
  let end = at + HEADER_BYTES;
  let from = 0;
  let to = text.length - (groups - 1) * GROUP_DIGITS;
  while (from < text.length) {
    view.setInt16(end, Number(text.slice(from, to)));
    end += 2;
    from = to;
    to += GROUP_DIGITS;
  }
  return end;
}

/**
 * Reads a numeric as an unscaled integer of `scale`. @throws TypeError if it is not a finite number
 * or has more digits after the point
 */
export function readNumeric(view: DataView, at: number, scale: number): bigint {
  const groups = view.getInt16(at);
  const weight = view.getInt16(at + 2);
  const sign = view.getUint16(at + 4);
  if (sign >= NOT_A_NUMBER) throw new TypeError('a numeric that is not a finite number');
  let unscaled = 0n;
  for (let i = 0; i < groups; i += 1) {
    unscaled = unscaled * 10_000n + BigInt(view.getInt16(at + HEADER_BYTES + 2 * i));
  }
  const exponent = (weight + 1 - groups) * GROUP_DIGITS + scale;
  if (exponent >= 0) {
    unscaled *= 10n ** BigInt(exponent);
  } else {
    const divisor = 10n ** BigInt(-exponent);
    if (unscaled % divisor !== 0n) {
      throw new TypeError(`a numeric with more than ${scale} digits after the point`);
    }
    unscaled /= divisor;
  }
  return sign === NEGATIVE ? -unscaled : unscaled;
}
