import { Decimal } from '../event/decimal.ts';
import type { Field } from '../event/field-type.ts';
import type { MeasurePlan } from '../projection/plan.ts';
import { compareValues, type Ordered, unscaledAt } from './interpreted-order.ts';

/** The value of a measure over the events of one row, typed as typed queries give it. `field`: the one measured; undefined for counting events. */
export function measureOf(
  { aggregate }: MeasurePlan,
  field: Field | undefined,
  events: readonly Readonly<Record<string, unknown>>[],
): unknown {
  if (aggregate === 'count' || field === undefined) return BigInt(events.length);
  const values = events.flatMap((event) => {
    const value = (event[field.name] ?? null) as Ordered | null;
    return value === null ? [] : [value];
  });
  if (values.length === 0) return null;
  switch (aggregate) {
    case 'sum':
      return shown(sumOf(values, field), field);
    case 'avg':
      return Number(sumOf(values, field).toString()) / values.length;
    case 'min':
      return shown(
        values.reduce((a, b) => (compareValues(b, a) < 0 ? b : a)),
        field,
      );
    case 'max':
      return shown(
        values.reduce((a, b) => (compareValues(b, a) > 0 ? b : a)),
        field,
      );
  }
}

/** As queries show it: decimals at the field's scale, as bigints where that is 0; never −0. */
function shown(value: Ordered, { type }: Field): unknown {
  if (value instanceof Decimal && type.kind === 'decimal') {
    const unscaled = unscaledAt(value, type.scale);
    return type.scale === 0 ? unscaled : new Decimal(unscaled, type.scale);
  }
  return value === 0 ? 0 : value;
}

function sumOf(values: readonly Ordered[], { type }: Field): number | bigint | Decimal {
  if (type.kind === 'decimal') {
    const unscaled = values.map((value) => unscaledAt(value as Decimal, type.scale));
    return new Decimal(
      unscaled.reduce((a, b) => a + b, 0n),
      type.scale,
    );
  }
  if (type.kind === 'long') return (values as bigint[]).reduce((a, b) => a + b, 0n);
  return sumOfDoubles(values as number[]);
}

/**
 * The exact sum, rounded once. NaN when a NaN is among the values, or both infinities; one infinity when only that is. Exact by integers times a
 * power of two; rounded by reading the sum's decimal expansion, which is exact and which `Number` rounds correctly.
 */
function sumOfDoubles(values: readonly number[]): number {
  const special = values.filter((value) => !Number.isFinite(value));
  if (special.length > 0) return special.reduce((a, b) => a + b);
  const parts = values.map(integerTimesPowerOfTwo);
  const exponent = parts.reduce((least, part) => Math.min(least, part.exponent), 0);
  const sum = parts.reduce(
    (a, part) => a + part.integer * 2n ** BigInt(part.exponent - exponent),
    0n,
  );
  // x · 2^−n = x · 5^n · 10^−n
  return Number(`${sum * 5n ** BigInt(-exponent)}e${exponent}`);
}

/** Doubling a finite double that is not whole is exact, so this loses nothing. */
function integerTimesPowerOfTwo(value: number): { integer: bigint; exponent: number } {
  let whole = value;
  let exponent = 0;
  for (; !Number.isInteger(whole); exponent -= 1) whole *= 2;
  return { integer: BigInt(whole), exponent };
}
