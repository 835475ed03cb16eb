import { Decimal } from '../../event/decimal.ts';

/** Values of events that have an order. */
export type Ordered = string | number | bigint | boolean | Date | Decimal;

/**
 * Returns a negative number, 0 or a positive number: by value, whatever the types of numbers; text
 * by code points; NaN is above all and equal to itself, −0 equals 0, as in Postgres.
 */
export function compareValues(a: Ordered, b: Ordered): number {
  if (a instanceof Date || b instanceof Date) return compareValues(millisOf(a), millisOf(b));
  if (a instanceof Decimal && b instanceof Decimal) {
    const scale = Math.max(a.scale, b.scale);
    return compareValues(unscaledAt(a, scale), unscaledAt(b, scale));
  }
  if (typeof a === 'string' && typeof b === 'string') {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Returns the unscaled integer of a decimal at `scale` digits after the point; it has no more than
 * that.
 */
export function unscaledAt(value: Decimal, scale: number): bigint {
  return value.unscaled * 10n ** BigInt(scale - value.scale);
}

function millisOf(value: Ordered): Ordered {
  return value instanceof Date ? value.getTime() : value;
}
