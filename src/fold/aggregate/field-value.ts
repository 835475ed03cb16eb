import { Decimal } from '../../event/decimal.ts';
import type { FieldColumn } from '../../event/field-columns.ts';
import type { FieldType } from '../../event/field-type.ts';

/**
 * A plain field value in the representation of its column: numbers (timestamps as milliseconds,
 * days, 0/1), bigints (longs, unscaled decimals), text.
 */
export type FieldValue = number | bigint | string;

/** Returns the value of record `i`; null if it is null. */
export function fieldValueAt(column: FieldColumn, i: number): FieldValue | null {
  if (column.present !== null && column.present[i] === 0) return null;
  switch (column.kind) {
    case 'number':
      return (column.values[i] as number) + 0;
    case 'long':
      return column.exact?.[i] ?? BigInt(column.values[i] as number);
    case 'decimal':
      return column.unscaled[i] as bigint;
    case 'text':
      return column.bytes.toString('utf8', column.start[i], column.end[i]);
  }
}

/**
 * Converts a value to JSON for stored state: bigints and doubles without JSON form become tagged
 * text.
 */
export function valueToJson(value: FieldValue): unknown {
  if (typeof value === 'bigint') return { n: value.toString() };
  if (typeof value === 'number' && !Number.isFinite(value)) return { d: String(value) };
  return value;
}

/** Converts the result of `valueToJson` back. */
export function valueFromJson(json: unknown): FieldValue {
  if (typeof json === 'object' && json !== null) {
    const { n, d } = json as { n?: string; d?: string };
    return n === undefined ? Number(d) : BigInt(n);
  }
  return json as FieldValue;
}

/**
 * Compares values of one field in a total order: numbers by size with NaN above all, text by code
 * points (as bytes of UTF-8 and Postgres's collation "C" do).
 */
export function compareFieldValues(a: FieldValue, b: FieldValue): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (a < b) return -1;
  if (a > b) return 1;
  const aIsNaN = a !== a;
  return aIsNaN === (b !== b) ? 0 : aIsNaN ? 1 : -1;
}

function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Ranks surrogates, which start the highest code points, above every other code unit. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit;
}

/**
 * Returns a value as a jsonb column shows it: longs, decimals and timestamps as text, days as
 * 'YYYY-MM-DD', NaN and infinities as text.
 */
export function shownInJson(value: FieldValue, type: FieldType): unknown {
  const shown = shownValue(value, type);
  if (shown instanceof Date) return shown.toISOString();
  if (typeof shown === 'bigint' || shown instanceof Decimal) return shown.toString();
  return typeof shown === 'number' && !Number.isFinite(shown) ? String(shown) : shown;
}

/** Returns a value as a typed query returns it. */
export function shownValue(value: FieldValue, type: FieldType): unknown {
  switch (type.kind) {
    case 'boolean':
      return value !== 0;
    case 'timestamp-millis':
      return new Date(value as number);
    case 'date':
      return new Date((value as number) * 86_400_000).toISOString().replace(/T.*$/, '');
    case 'decimal':
      return type.scale === 0 ? value : new Decimal(value as bigint, type.scale);
    default:
      return value;
  }
}

/** Converts a value to a double, for sketches. */
export function asDouble(value: FieldValue, type: FieldType): number {
  if (typeof value === 'number') return value;
  return type.kind === 'decimal' ? Number(`${value}e-${type.scale}`) : Number(value);
}
