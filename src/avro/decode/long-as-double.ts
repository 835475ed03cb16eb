import type { Cursor } from './cursor.ts';

/** Reads a long as the nearest double (ties to even), as Java's cast does. @throws DECODE_FAILED */
export function longAsDouble(cursor: Cursor): number {
  const from = cursor.position;
  const value = cursor.long();
  if (Number.isSafeInteger(value)) return value;
  cursor.position = from;
  return Number(cursor.longBig());
}

/**
 * Reads a long as the nearest float, rounded once: via the nearest double it would be rounded
 * twice. @throws DECODE_FAILED
 */
export function longAsFloat(cursor: Cursor): number {
  const from = cursor.position;
  const value = cursor.long();
  if (Number.isSafeInteger(value)) return Math.fround(value);
  cursor.position = from;
  return floatOf(cursor.longBig());
}

/**
 * Rounds to a float. Bits that do not fit a double are reduced to one odd bit below it, which only
 * decides ties.
 */
function floatOf(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const lost = (magnitude & 0x7ffn) === 0n ? 0n : 1n;
  const rounded = Math.fround(Number((magnitude >> 11n) | lost)) * 2048;
  return value < 0n ? -rounded : rounded;
}
