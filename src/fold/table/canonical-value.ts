import { Decimal } from '../../event/decimal.ts';
import type { ColumnPlan } from '../../projection/plan/table-plan.ts';

/**
 * Converts a value to the form it has after being stored, so that a handler sees the same row from
 * memory and from the table (law 2): decimals at the column's scale, no negative zero in integers,
 * JSON without what JSON drops, its keys in the order of Postgres's jsonb. Frozen if possible. The
 * value must have passed `valueFault`.
 */
export function canonicalValue({ type, scale = 0 }: ColumnPlan, value: unknown): unknown {
  if (value === null) return null;
  switch (type) {
    case 'numeric':
      return atScale(value as Decimal | bigint, scale);
    case 'int4':
      return (value as number) + 0;
    case 'jsonb':
      return inOrder(JSON.parse(JSON.stringify(value)) as unknown);
    default:
      return value;
  }
}

/** True if two canonical values are equal bit by bit. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Decimal) return b instanceof Decimal && a.unscaled === b.unscaled;
  return JSON.stringify(a) === JSON.stringify(b);
}

function atScale(value: Decimal | bigint, scale: number): Decimal {
  if (typeof value === 'bigint') return new Decimal(value * 10n ** BigInt(scale), scale);
  if (value.scale === scale) return value;
  return value.scale < scale
    ? new Decimal(value.unscaled * 10n ** BigInt(scale - value.scale), scale)
    : new Decimal(value.unscaled / 10n ** BigInt(value.scale - scale), scale);
}

/** Sorts the keys of an object as jsonb does: by length in bytes, then by bytes. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(inOrder));
  const entries = Object.entries(value).map(([key, each]) => ({
    key,
    bytes: Buffer.from(key),
    value: inOrder(each),
  }));
  entries.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return Object.freeze(Object.fromEntries(entries.map((entry) => [entry.key, entry.value])));
}
