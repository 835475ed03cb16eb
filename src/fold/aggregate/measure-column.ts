import type { Field } from '../../event/field-type.ts';
import type { AccumulatorPlan, MeasurePlan } from '../../projection/plan/plan.ts';
import type { ColumnValues, TableColumn } from '../../projection/plan/row-set.ts';
import type { ColumnPlan } from '../../projection/plan/table-plan.ts';
import { RepriseError } from '../../reprise-error.ts';
import { ownColumn } from '../rows/packed-column.ts';
import { toColumnValues, valueFault } from '../rows/to-column-values.ts';
import type { Distinct } from './distinct.ts';
import { distinctCount } from './distinct.ts';
import type { FieldValue } from './field-value.ts';
import { shownInJson, shownValue } from './field-value.ts';
import type { Moments } from './moments.ts';
import { varianceOf } from './moments.ts';
import type { ObjectAccumulator } from './object-accumulator.ts';
import type { Sketch } from './sketch.ts';
import { quantileOf } from './sketch.ts';
import type { Top } from './top.ts';
import { topOf } from './top.ts';

/** The input of a measure's column. */
interface MeasureSource {
  readonly measure: MeasurePlan;
  readonly column: ColumnPlan;
  readonly slots: Int32Array;
  /** State columns written so far, by name. */
  readonly columns: ReadonlyMap<string, TableColumn>;
  readonly placed: readonly { readonly plan: AccumulatorPlan }[];
  readonly state: ObjectAccumulator | null;
  readonly field: Field | undefined;
}

/**
 * Computes a measure that is not an accumulator's own column: an average, a second measure of the
 * same state, or a value computed from an object state.
 */
export function measureColumn(source: MeasureSource): TableColumn {
  const { measure, column, slots, state } = source;
  if (state === null) return fromColumns(source);
  const values = Array.from(slots, (slot) => valueOf(measure, state.read(slot), source));
  for (const value of values) {
    const fault = valueFault(column, value);
    if (fault === null) continue;
    throw new RepriseError(
      'DEFINITION_INVALID',
      `The result of the measure "${measure.name}" is ${fault}. Correct its aggregate, or declare another column.`,
    );
  }
  return toColumnValues(column, values);
}

/** Computes the column that tells whether a measure is exact. */
export function exactColumn(state: ObjectAccumulator, slots: Int32Array): ColumnValues {
  const values = Uint8Array.from(slots, (slot) => {
    const { values: exactly, exact } = state.read(slot) as Partial<Distinct & Top>;
    return (exact ?? exactly !== null) ? 1 : 0;
  });
  return { type: 'boolean', values, present: null };
}

function valueOf(measure: MeasurePlan, state: unknown, { field, placed }: MeasureSource): unknown {
  const { aggregate, parameters } = measure;
  const number = (name: string) => parameters[name] as number;
  const type = field?.type ?? { kind: 'double' };
  switch (aggregate) {
    case 'first':
    case 'last': {
      const { topic, value } = state as { topic: string | undefined; value: FieldValue };
      return topic === undefined ? null : shownValue(value, type);
    }
    case 'collect':
      return (state as { value: FieldValue }[]).map(({ value }) => shownInJson(value, type));
    case 'countDistinct':
      return distinctCount(state as Distinct);
    case 'topK':
      return topOf(state as Top, number('k'), type);
    case 'quantile':
      return quantileOf(state as Sketch, number('q'), number('relativeError'));
    case 'variance':
      return varianceOf(state as Moments, type);
    case 'stddev': {
      const variance = varianceOf(state as Moments, type);
      return variance === null ? null : Math.sqrt(variance);
    }
    default: {
      const plan = placed.find(
        (each) => each.plan.kind === 'object' && each.plan.column === measure.state,
      )?.plan;
      if (plan?.kind !== 'object' || plan.state.kind !== 'user') {
        throw new TypeError(`no value for ${measure.name}`);
      }
      return plan.state.result(state) ?? null;
    }
  }
}

function fromColumns(from: MeasureSource): TableColumn {
  const { measure, columns, placed, field: of, slots } = from;
  const { aggregate, field, filter } = measure;
  const same = ({ plan }: { readonly plan: AccumulatorPlan }) =>
    plan.field === field && plan.filter === filter;
  const state = placed.find(
    (each) =>
      same(each) &&
      (aggregate === 'avg' || aggregate === 'sum'
        ? each.plan.kind === 'sumDouble' || each.plan.kind === 'sumInteger'
        : each.plan.kind === aggregate),
  )?.plan;
  if (state === undefined || state.kind === 'object')
    throw new TypeError(`no state for ${measure.name}`);
  const column = need(columns, state.kind === 'sumDouble' ? state.hi : state.column);
  if (aggregate !== 'avg') return column;
  const source = ownColumn(column, slots.length);
  const counts = countsOf(from, { field, filter });
  const present = counts.values.some((n) => n === 0)
    ? Uint8Array.from(counts.values, (n) => (n > 0 ? 1 : 0))
    : null;
  const values = Float64Array.from(counts.values, (n, i) => {
    if (source.type === 'float8') return (source.values[i] as number) / n;
    return source.type === 'numeric' ? meanOfInteger(source.values[i] ?? 0n, n, of) : Number.NaN;
  });
  return { type: 'float8', values, present };
}

function countsOf(
  { columns, placed, slots }: MeasureSource,
  of: { readonly field: string | null; readonly filter: number | null },
): { readonly values: Float64Array } {
  const counts = placed.filter(({ plan }) => plan.kind === 'count' && plan.filter === of.filter);
  const found =
    counts.find(({ plan }) => plan.field === of.field) ??
    counts.find(({ plan }) => plan.field === null);
  const column =
    found?.plan.kind === 'count'
      ? ownColumn(need(columns, found.plan.column), slots.length)
      : undefined;
  if (column?.type !== 'int8') throw new TypeError(`no count for ${of.field}`);
  return column;
}

/**
 * Computes a mean. Parsed as decimal text, the sum is rounded once; dividing by a power of ten
 * would round it again.
 */
function meanOfInteger(sum: bigint, n: number, field: Field | undefined): number {
  const scale = field?.type.kind === 'decimal' ? field.type.scale : 0;
  return Number(`${sum}e-${scale}`) / n;
}

function need(columns: ReadonlyMap<string, TableColumn>, name: string): TableColumn {
  const values = columns.get(name);
  if (values === undefined) throw new TypeError(`no values for column ${name}`);
  return values;
}
