import type { EventDefinition } from '../../event/event-definition.ts';
import type { Field } from '../../event/field-type.ts';
import { checkOptions } from '../check/check-options.ts';
import type { Fail } from '../check/fail-for.ts';
import { columnFault } from '../check/identifier-fault.ts';
import { accumulatorsOf } from '../columns/accumulators-of.ts';
import type { DeclaringStep } from '../columns/check-columns.ts';
import type { CompiledMeasure, CompiledMeasures } from '../columns/compiled-measures.ts';
import { measureColumn, stateColumns } from '../columns/measure-column.ts';
import { checkUserAggregate } from '../declare/check-user-aggregate.ts';
import type { DeclaredMeasure } from '../declare/declared-measure.ts';
import type { AggregateName, MeasureFilterPlan, MeasurePlan, StatePlan } from '../plan/plan.ts';
import { snakeCase } from '../plan/snake-case.ts';
import { checkParameters } from './check-parameters.ts';
import { type MeasureContext, planMeasureFilter } from './plan-measure-filter.ts';
import { filterFields } from './plan-sources.ts';

const SUMMABLE = new Set(['int', 'long', 'float', 'double', 'decimal']);
const ORDERED = new Set([...SUMMABLE, 'timestamp-millis', 'timestamp-micros']);
const PLAIN = new Set([...ORDERED, 'string', 'uuid', 'enum', 'boolean', 'date']);

/** Field types that each aggregate takes; null: it takes no field. */
const TAKES: Readonly<Record<AggregateName, ReadonlySet<string> | null>> = {
  count: null,
  user: null,
  zScore: null,
  sum: SUMMABLE,
  avg: SUMMABLE,
  quantile: SUMMABLE,
  variance: SUMMABLE,
  stddev: SUMMABLE,
  min: ORDERED,
  max: ORDERED,
  first: PLAIN,
  last: PLAIN,
  countDistinct: PLAIN,
  topK: PLAIN,
  collect: PLAIN,
};

/**
 * Context in which measures are compiled: the events, and whether windows close in event-time
 * order, as z-scores require.
 */
export interface MeasuresOf {
  readonly events: readonly EventDefinition[];
  readonly scores: boolean;
}

/** Compiles `.measure({ … })` over the events of a projection. @throws DEFINITION_INVALID */
export function compileMeasures(
  declared: Readonly<Record<string, DeclaredMeasure>>,
  { events, scores }: MeasuresOf,
  fail: Fail,
): CompiledMeasures {
  const entries = Object.entries(declared ?? {});
  if (entries.length === 0) fail('.measure({})', 'declares nothing to keep.');
  const filters: MeasureFilterPlan[] = [];
  const compiled = entries.map(([name, measure]) => {
    const step = stepOf(name);
    if (measure?.aggregate === 'zScore' && !scores) {
      fail(step, 'zScore goes with windows: it measures a closed window against those before it.');
    }
    const column = snakeCase(name);
    return compileMeasure({ name, column, measure }, { events, filters, step, fail });
  });
  checkScores(compiled, declared, fail);
  const accumulators = accumulatorsOf(compiled);
  const hidden = stateColumns(accumulators, compiled);
  return {
    measures: compiled.map(({ plan }) => plan),
    accumulators,
    measureFilters: filters,
    columns: compiled.flatMap((each) => measureColumn(each)),
    stateColumns: hidden,
    steps: [
      ...compiled.map((each) => declaringStep(each, fail)),
      { step: '.measure({ … })', columns: hidden },
    ],
    fieldsOf: (event, source) =>
      [
        ...compiled.flatMap(({ field }) => (field === null ? [] : [field.name])),
        ...filters
          .filter((filter) => filter.source === null || filter.source === source)
          .flatMap(({ where }) => where.flatMap(filterFields)),
      ].filter((name) => event.fields.some((field) => field.name === name)),
  };
}

function stepOf(name: string): string {
  return `.measure({ ${name} })`;
}

/**
 * Returns the measure's own columns. Its hidden columns may also belong to other measures, so only
 * their names are checked here.
 */
function declaringStep(compiled: CompiledMeasure, fail: Fail): DeclaringStep {
  const step = stepOf(compiled.plan.name);
  for (const { name } of stateColumns(accumulatorsOf([compiled]), [compiled])) {
    const fault = columnFault(name);
    if (fault !== null) fail(step, `its hidden column "${name}" ${fault}.`);
  }
  return { step, columns: measureColumn(compiled) };
}

function compileMeasure(
  named: { readonly name: string; readonly column: string; readonly measure: DeclaredMeasure },
  context: MeasureContext,
): CompiledMeasure {
  const { name, column, measure } = named;
  const { step, fail, events } = context;
  const aggregate = measure?.aggregate as AggregateName;
  const takes = Object.hasOwn(TAKES, String(aggregate)) ? TAKES[aggregate] : undefined;
  if (takes === undefined) {
    return fail(
      step,
      `takes count(), sum, avg, min, max and the other aggregates; "${String(aggregate)}" is none.`,
    );
  }
  checkOptions(measure.options ?? {}, ['where', 'of'], context);
  if (aggregate === 'user') checkUserAggregate(measure.define, context);
  const filter = planMeasureFilter(measure.options ?? {}, context);
  const taken =
    filter === null || context.filters[filter]?.source === null
      ? events
      : [events[context.filters[filter]?.source as number] as EventDefinition];
  const field = takes === null ? null : fieldOf(measure, taken, takes, context);
  const everywhere = taken.every((event) => event.fields.some((each) => each.name === field?.name));
  const nullable = field !== null && (field.nullable || filter !== null || !everywhere);
  const parameters = measure.parameters ?? {};
  checkParameters(measure, context);
  const state = statePlan(aggregate, parameters, measure);
  const plan: MeasurePlan = {
    name,
    column,
    aggregate,
    field: field?.name ?? null,
    filter,
    state:
      state === null ? null : stateColumnName({ column, aggregate, filter, parameters }, field),
    parameters,
    exactColumn: aggregate === 'countDistinct' || aggregate === 'topK' ? `${column}_exact` : null,
    of: measure.of === undefined ? null : snakeCase(String(measure.of)),
  };
  const userColumn = measure.define?.column ?? null;
  return { plan, field, nullable, state, userColumn };
}

/**
 * Returns the name of a state column. Measures that need the same state share it (several quantiles
 * of one field); `first` and `last` do not.
 */
function stateColumnName(
  plan: Pick<MeasurePlan, 'column' | 'aggregate' | 'filter' | 'parameters'>,
  field: Field | null,
): string {
  const { column, aggregate, filter, parameters } = plan;
  if (aggregate !== 'quantile' && aggregate !== 'variance' && aggregate !== 'stddev') {
    return `_${column}_state`;
  }
  const kind = aggregate === 'quantile' ? 'sketch' : 'moments';
  const error =
    aggregate === 'quantile' ? `_${String(parameters['relativeError']).replace(/\D/g, '')}` : '';
  return `_${kind}_${snakeCase(field?.name ?? '')}${error}${filter === null ? '' : `_of_${filter}`}`;
}

function fieldOf(
  { field: name, aggregate }: DeclaredMeasure,
  events: readonly EventDefinition[],
  takes: ReadonlySet<string>,
  { step, fail }: MeasureContext,
): Field {
  const fields = events.flatMap((event) => event.fields.filter((each) => each.name === name));
  const [field] = fields;
  if (field === undefined) {
    const known = events.map(
      (event) => `${event.name} has ${event.fields.map((each) => each.name).join(', ')}`,
    );
    return fail(
      step,
      `${events.map((event) => event.name).join(' and ')} has no field "${String(name)}"; ${known.join('; ')}.`,
    );
  }
  if (!takes.has(field.type.kind)) {
    const needs =
      takes === PLAIN ? 'a plain value' : takes === ORDERED ? 'a number or an instant' : 'a number';
    fail(
      step,
      `${aggregate}("${field.name}") needs ${needs}; "${field.name}" is a ${field.type.kind}.`,
    );
  }
  const other = fields.find(({ type }) => JSON.stringify(type) !== JSON.stringify(field.type));
  if (other !== undefined) {
    fail(
      step,
      `"${field.name}" is a ${field.type.kind} in one event and a ${other.type.kind} in another; name one with { of: … }.`,
    );
  }
  return { ...field, nullable: fields.some(({ nullable }) => nullable) };
}

function statePlan(
  aggregate: AggregateName,
  parameters: Readonly<Record<string, number>>,
  { define }: DeclaredMeasure,
): StatePlan | null {
  const number = (name: string) => parameters[name] as number;
  switch (aggregate) {
    case 'first':
    case 'last':
      return { kind: aggregate };
    case 'collect':
      return { kind: 'collect', n: number('n') };
    case 'countDistinct':
      return { kind: 'distinct', exactUpTo: number('exactUpTo') };
    case 'topK':
      return { kind: 'top', distinctUpTo: number('distinctUpTo') };
    case 'quantile':
      return { kind: 'sketch', relativeError: number('relativeError') };
    case 'variance':
    case 'stddev':
      return { kind: 'moments' };
    case 'user': {
      const { zero, add, merge, result } = define as unknown as Extract<
        StatePlan,
        { kind: 'user' }
      >;
      return { kind: 'user', zero, add, merge, result };
    }
    default:
      return null;
  }
}

/**
 * Checks z-scores: each must refer to another measure of the projection whose value is a number.
 */
function checkScores(
  compiled: readonly CompiledMeasure[],
  declared: Readonly<Record<string, DeclaredMeasure>>,
  fail: Fail,
): void {
  for (const { plan } of compiled) {
    if (plan.aggregate !== 'zScore') continue;
    const step = stepOf(plan.name);
    const scored = compiled.find((each) => each.plan.column === plan.of);
    if (scored === undefined || scored.plan.aggregate === 'zScore') {
      const of = declared[plan.name]?.of;
      return fail(
        step,
        `zScore scores another measure of the projection; "${String(of)}" is ${scored === undefined ? 'none' : 'a zScore itself'}.`,
      );
    }
    const type = measureColumn(scored)[0]?.type;
    if (type !== 'float8' && type !== 'int8' && type !== 'numeric') {
      fail(step, `zScore needs a number; "${scored.plan.name}" is ${type}.`);
    }
  }
}
