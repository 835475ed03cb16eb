import type { FieldColumn } from '../../event/field-columns.ts';
import type { FieldType } from '../../event/field-type.ts';
import type { ConditionPlan, FilterValue } from '../../projection/plan/filter-plan.ts';

/** Marks in `skip` every record of a batch that does not meet the condition. */
export type ConditionCheck = (column: FieldColumn, count: number, skip: Uint8Array) => void;

/** Compiles a condition on one field into a loop over its column. */
export function compileCondition(condition: ConditionPlan, type: FieldType): ConditionCheck {
  const { operator, values } = condition;
  const nullAccepted = values.includes(null) === (operator === 'in');
  const accepts = acceptance(
    operator,
    values.filter((value) => value !== null),
    type,
  );
  return (column, count, skip) => {
    const { present } = column;
    for (let i = 0; i < count; i += 1) {
      if (skip[i] === 1) continue;
      const missing = present !== null && present[i] === 0;
      if (missing ? !(nullAccepted && !isRange(operator)) : !accepts(column, i)) skip[i] = 1;
    }
  };
}

type Acceptance = (column: FieldColumn, i: number) => boolean;

function isRange(operator: ConditionPlan['operator']): boolean {
  return operator !== 'in' && operator !== 'notIn';
}

function acceptance(
  operator: ConditionPlan['operator'],
  values: readonly FilterValue[],
  type: FieldType,
): Acceptance {
  if (operator === 'in' || operator === 'notIn') {
    const wanted = operator === 'in';
    const equals = values.map((value) => equality(value, type));
    return (column, i) => equals.some((equal) => equal(column, i)) === wanted;
  }
  const bound = comparable(values[0] as FilterValue, type);
  const factor = finerBy(values[0] as FilterValue, type);
  return (column, i) => {
    const order = compare(valueAt(column, i, factor), bound);
    if (operator === 'gt') return order > 0;
    if (operator === 'gte') return order >= 0;
    return operator === 'lt' ? order < 0 : order <= 0;
  };
}

function equality(value: FilterValue, type: FieldType): Acceptance {
  if (typeof value === 'string' && type.kind !== 'date') {
    const bytes = Buffer.from(value);
    return (column, i) =>
      column.kind === 'text' &&
      (column.end[i] as number) - (column.start[i] as number) === bytes.length &&
      column.bytes.compare(bytes, 0, bytes.length, column.start[i], column.end[i]) === 0;
  }
  const wanted = comparable(value, type);
  const factor = finerBy(value, type);
  return (column, i) => compare(valueAt(column, i, factor), wanted) === 0;
}

/**
 * Returns the factor for the column's values if the declared decimal has more digits than the
 * field.
 */
function finerBy(value: FilterValue, type: FieldType): bigint {
  if (typeof value !== 'object' || value === null || value instanceof Date) return 1n;
  return 10n ** BigInt(Math.max(0, value.scale - scaleOf(type)));
}

function scaleOf(type: FieldType): number {
  return type.kind === 'decimal' ? type.scale : 0;
}

/**
 * Converts a declared value to the representation of the column: milliseconds, days, unscaled
 * integers.
 */
function comparable(value: FilterValue, type: FieldType): number | bigint {
  if (value instanceof Date) {
    return type.kind === 'timestamp-micros' ? BigInt(value.getTime()) * 1000n : value.getTime();
  }
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') return Date.parse(`${value}T00:00:00Z`) / 86_400_000;
  if (typeof value === 'object' && value !== null) {
    return value.unscaled * 10n ** BigInt(Math.max(0, scaleOf(type) - value.scale));
  }
  if (type.kind === 'decimal' && typeof value === 'bigint')
    return value * 10n ** BigInt(type.scale);
  return value ?? Number.NaN;
}

function valueAt(column: FieldColumn, i: number, factor: bigint): number | bigint {
  switch (column.kind) {
    case 'number':
      return column.values[i] as number;
    case 'long':
      return column.exact?.[i] ?? (column.values[i] as number);
    case 'decimal':
      return (column.unscaled[i] as bigint) * factor;
    case 'text':
      return Number.NaN;
  }
}

/**
 * Returns a negative number, 0 or a positive number. Numbers and bigints compare by value; NaN is
 * above all and equal to itself, as in Postgres.
 */
function compare(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) return 0; // eslint-disable-line eqeqeq -- 1 == 1n
  const aIsNaN = a !== a;
  return aIsNaN === (b !== b) ? 0 : aIsNaN ? 1 : -1;
}
