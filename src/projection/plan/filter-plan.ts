import { Decimal } from '../../event/decimal.ts';
import type { FieldType } from '../../event/field-type.ts';

/** Values a filter compares with. */
export type FilterValue = string | number | bigint | boolean | Date | Decimal | null;

/**
 * `{ action: 'VIEW' }`, `{ action: ['VIEW', 'CLICK'] }`, `{ value: { gt: 3, lte: 10 } }`,
 * `{ coupon: { not: null } }`; all conditions must hold.
 */
export type DataFilter<Event> = {
  readonly [Name in keyof Event & string]?: Condition<Event[Name]>;
};

type Condition<Value> =
  | Value
  | readonly Value[]
  | { readonly not: Value | readonly Value[] }
  | Range<NonNullable<Value>>;

type Range<Value> = Value extends number | bigint | Date | Decimal
  ? { readonly gt?: Value; readonly gte?: Value; readonly lt?: Value; readonly lte?: Value }
  : never;

/**
 * A condition as plan data. `in` and `notIn` hold at least one value. An event whose field is null
 * meets only `in` with null, or `notIn` without.
 */
export interface ConditionPlan {
  readonly field: string;
  readonly operator: 'in' | 'notIn' | 'gt' | 'gte' | 'lt' | 'lte';
  readonly values: readonly FilterValue[];
}

/**
 * A filter as the plan holds it: conditions over named fields, or a pure function over the whole
 * event (slower: every field is decoded).
 */
export type FilterPlan =
  | { readonly kind: 'conditions'; readonly conditions: readonly ConditionPlan[] }
  | { readonly kind: 'function'; readonly accepts: (event: never) => boolean };

const RANGES = ['gt', 'gte', 'lt', 'lte'] as const;

/**
 * The conditions of a data filter, field by field. `fail` is called for what is not a condition.
 */
export function conditionsOf(
  filter: Readonly<Record<string, unknown>>,
  fail: (field: string, what: string) => never,
): ConditionPlan[] {
  return Object.entries(filter).flatMap(([field, condition]) =>
    conditionOf(field, condition, fail),
  );
}

function conditionOf(
  field: string,
  condition: unknown,
  fail: (field: string, what: string) => never,
): ConditionPlan[] {
  if (isValue(condition)) return [{ field, operator: 'in', values: [condition] }];
  if (Array.isArray(condition))
    return [{ field, operator: 'in', values: listOf(field, condition, fail) }];
  if (typeof condition !== 'object' || condition === null) {
    return fail(field, 'is compared with undefined or a function');
  }
  const entries = Object.entries(condition);
  if (entries.length === 0) return fail(field, 'is compared with nothing');
  return entries.map(([operator, operand]) => {
    if (operator === 'not') {
      const values = Array.isArray(operand) ? operand : [operand];
      return { field, operator: 'notIn', values: listOf(field, values, fail) };
    }
    const range = RANGES.find((each) => each === operator);
    if (range === undefined)
      return fail(field, `has no condition named ${operator}; there are gt, gte, lt, lte, not`);
    if (!isValue(operand) || operand === null)
      return fail(field, `is compared (${operator}) with no value`);
    return { field, operator: range, values: [operand] };
  });
}

function listOf(
  field: string,
  values: readonly unknown[],
  fail: (field: string, what: string) => never,
): readonly FilterValue[] {
  if (values.length === 0) return fail(field, 'is compared with an empty list');
  return values.map((value) =>
    isValue(value) ? value : fail(field, 'is compared with something that is not a value'),
  );
}

/** What a field of this type is compared with; null when `value` is that. */
export function expectedInstead(type: FieldType, value: FilterValue): string | null {
  if (value === null) return null;
  switch (type.kind) {
    case 'string':
    case 'uuid':
      return typeof value === 'string' ? null : 'text';
    case 'enum':
      return type.symbols.some((symbol) => symbol === value)
        ? null
        : `one of ${type.symbols.join(', ')}`;
    case 'date':
      return isDay(value) ? null : "a day as 'YYYY-MM-DD'";
    case 'boolean':
      return typeof value === 'boolean' ? null : 'true or false';
    case 'int':
    case 'float':
    case 'double':
      return typeof value === 'number' ? null : 'a number';
    case 'long':
    case 'timestamp-micros':
      return typeof value === 'bigint' ? null : 'a bigint';
    case 'timestamp-millis':
      return value instanceof Date && !Number.isNaN(value.getTime()) ? null : 'a Date';
    case 'decimal':
      return value instanceof Decimal ? null : 'a Decimal';
    default:
      return 'nothing; only a function can look into it';
  }
}

function isDay(value: FilterValue): boolean {
  if (typeof value !== 'string' || !/^([+-]\d{6}|\d{4})-\d\d-\d\d$/.test(value)) return false;
  const ms = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${value}T`);
}

function isValue(value: unknown): value is FilterValue {
  if (value === null) return true;
  if (typeof value === 'object') return value instanceof Date || value instanceof Decimal;
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** Named by public signatures. */
export type { Condition as FieldCondition, Range as FieldRange };
