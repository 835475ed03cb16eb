import { Decimal } from '../../event/decimal.ts';
import type { Field } from '../../event/field-type.ts';
import type { MeasurePlan, MeasuresPlan, PlanBase } from '../../projection/plan/plan.ts';
import { compareValues, type Ordered, unscaledAt } from './compare-values.ts';
import { meetsAll } from './meets-all.ts';

/** An event of a row, with its source (index in the plan's) and its position. */
export interface TakenEvent {
  readonly event: Readonly<Record<string, unknown>>;
  readonly source: number;
  readonly order: {
    readonly timeMs: number;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  };
}

/**
 * Returns the columns of a measure over the events of one row, typed as typed queries return them.
 */
export function measureOf(
  measure: MeasurePlan,
  plan: MeasuresPlan & Pick<PlanBase, 'sources'>,
  taken: readonly TakenEvent[],
): Readonly<Record<string, unknown>> {
  const filter = measure.filter === null ? null : plan.measureFilters[measure.filter];
  const events = taken.filter(
    ({ event, source }) =>
      filter === null ||
      ((filter?.source ?? source) === source && meetsAll(filter?.where ?? [], event)),
  );
  const field = plan.sources
    .flatMap(({ event }) => event.fields)
    .find(({ name }) => name === measure.field);
  const { column, exactColumn, aggregate } = measure;
  if (aggregate === 'user') return { [column]: userResult(measure, plan, events) };
  if (aggregate === 'count' || field === undefined) return { [column]: BigInt(events.length) };
  const inOrder = [...events].sort((a, b) => compareEventOrder(a.order, b.order));
  const values = inOrder.flatMap(({ event }) => {
    const value = (event[field.name] ?? null) as Ordered | null;
    return value === null ? [] : [value];
  });
  const exact = exactColumn === null ? {} : { [exactColumn]: true };
  return { [column]: valueOf(measure, field, values), ...exact };
}

function valueOf(
  { aggregate, parameters }: MeasurePlan,
  field: Field,
  values: readonly Ordered[],
): unknown {
  const number = (name: string) => parameters[name] as number;
  const json = (value: Ordered) => {
    const each = shown(value, field);
    if (each instanceof Date) return each.toISOString();
    if (typeof each === 'number' && !Number.isFinite(each)) return String(each);
    return typeof each === 'bigint' || each instanceof Decimal ? each.toString() : each;
  };
  switch (aggregate) {
    case 'countDistinct':
      return BigInt(distinct(values).length);
    case 'collect':
      return values.slice(0, number('n')).map(json);
    case 'topK':
      return distinct(values)
        .map((value) => ({
          value,
          count: values.filter((each) => compareValues(each, value) === 0).length,
        }))
        .sort((a, b) => b.count - a.count || compareValues(a.value, b.value))
        .slice(0, number('k'))
        .map(({ value, count }) => ({ value: json(value), count }));
    default:
  }
  if (values.length === 0) return null;
  switch (aggregate) {
    case 'first':
      return shown(values[0] as Ordered, field);
    case 'last':
      return shown(values.at(-1) as Ordered, field);
    case 'sum':
      return shown(sumOf(values, field), field);
    case 'avg':
      return Number(sumOf(values, field).toString()) / values.length;
    case 'variance':
      return varianceOfValues(values, field);
    case 'stddev': {
      const variance = varianceOfValues(values, field);
      return variance === null ? null : Math.sqrt(variance);
    }
    case 'quantile':
      return [...values].sort(compareValues)[Math.floor(number('q') * (values.length - 1))];
    case 'min':
      return shown(
        values.reduce((a, b) => (compareValues(b, a) < 0 ? b : a)),
        field,
      );
    default:
      return shown(
        values.reduce((a, b) => (compareValues(b, a) > 0 ? b : a)),
        field,
      );
  }
}

function distinct(values: readonly Ordered[]): Ordered[] {
  return values.filter(
    (value, i) => values.findIndex((each) => compareValues(each, value) === 0) === i,
  );
}

function userResult(
  { state }: MeasurePlan,
  { accumulators }: MeasuresPlan,
  events: readonly TakenEvent[],
): unknown {
  const found = accumulators.find((each) => each.kind === 'object' && each.column === state);
  if (found?.kind !== 'object' || found.state.kind !== 'user') return null;
  const { zero, add, result } = found.state;
  return result(events.reduce((sum, { event }) => add(sum, event), zero)) ?? null;
}

function compareEventOrder(a: TakenEvent['order'], b: TakenEvent['order']): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.offset - b.offset;
}

function varianceOfValues(values: readonly Ordered[], field: Field): number | null {
  if (field.type.kind !== 'decimal' && typeof values[0] !== 'bigint') {
    return varianceOfDoubles(values as readonly number[]);
  }
  if (values.length < 2) return null;
  const scale = field.type.kind === 'decimal' ? field.type.scale : 0;
  const whole = values.map((value) =>
    typeof value === 'bigint' ? value : unscaledAt(value as Decimal, scale),
  );
  const n = BigInt(whole.length);
  const sum = whole.reduce((a, b) => a + b, 0n);
  const squares = whole.reduce((a, b) => a + b * b, 0n);
  return quotient(n * squares - sum * sum, n * (n - 1n) * 10n ** BigInt(2 * scale));
}

/** Computes the sample variance of doubles, exact before one rounding; null for fewer than two. */
export function varianceOfDoubles(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  if (values.some((value) => !Number.isFinite(value))) return Number.NaN;
  const { whole, exponent } = wholeParts(values);
  const n = BigInt(whole.length);
  const sum = whole.reduce((a, b) => a + b, 0n);
  const squares = whole.reduce((a, b) => a + b * b, 0n);
  return quotient(n * squares - sum * sum, n * (n - 1n) * 4n ** BigInt(-exponent));
}

/** Computes the mean of finite doubles, exact before one rounding. */
export function meanOfDoubles(values: readonly number[]): number {
  const { whole, exponent } = wholeParts(values);
  const sum = whole.reduce((a, b) => a + b, 0n);
  return quotient(sum, BigInt(whole.length) * 2n ** BigInt(-exponent));
}

/** Returns doubles as integer multiples of 2^exponent, exponent ≤ 0. */
function wholeParts(values: readonly number[]): { whole: bigint[]; exponent: number } {
  const parts = values.map(integerTimesPowerOfTwo);
  const exponent = parts.reduce((least, part) => Math.min(least, part.exponent), 0);
  return {
    whole: parts.map((part) => part.integer * 2n ** BigInt(part.exponent - exponent)),
    exponent,
  };
}

/**
 * Divides integers to the nearest double: long division to more decimal digits than any tie between
 * doubles has (767), which `Number` rounds correctly.
 */
function quotient(top: bigint, bottom: bigint): number {
  const digits = bottom.toString().length + 1_100;
  const scaled = (top * 10n ** BigInt(digits)) / bottom;
  return Number(`${scaled}e-${digits}`);
}

/**
 * Returns a value as queries show it: decimals at the field's scale, as bigints if that is 0; never
 * −0.
 */
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
 * Computes the exact sum, rounded once. NaN if a NaN is among the values, or both infinities; an
 * infinity if only that one is. Exact by integers times a power of two; rounded by parsing the
 * sum's decimal expansion, which is exact and which `Number` rounds correctly.
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

/** Doubling a finite double that is not an integer is exact, so this loses nothing. */
function integerTimesPowerOfTwo(value: number): { integer: bigint; exponent: number } {
  let whole = value;
  let exponent = 0;
  for (; !Number.isInteger(whole); exponent -= 1) whole *= 2;
  return { integer: BigInt(whole), exponent };
}
