import type { EventDefinition } from '../event/event-definition.ts';
import type { Field } from '../event/field-type.ts';
import { accumulatorsOf } from './accumulators-of.ts';
import type { KeptOptions, UserAggregate } from './aggregates.ts';
import { filterFields, planFilter } from './compile-sources.ts';
import type { CompiledMeasure } from './compiled-measure.ts';
import type { Fail } from './definition-fault.ts';
import { measureColumn, stateColumns } from './measure-columns.ts';
import type {
  AccumulatorPlan,
  AggregateName,
  MeasureFilterPlan,
  MeasurePlan,
  StatePlan,
} from './plan.ts';
import { snakeCase } from './snake-case.ts';
import type { ColumnPlan } from './table-plan.ts';

const SUMMABLE = new Set(['int', 'long', 'float', 'double', 'decimal']);
const ORDERED = new Set([...SUMMABLE, 'timestamp-millis', 'timestamp-micros']);
const PLAIN = new Set([...ORDERED, 'string', 'uuid', 'enum', 'boolean', 'date']);

/** What each aggregate takes; null: no field. */
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

/** A measure as its function made it, not yet believed. */
export interface DeclaredMeasure {
  readonly aggregate: string;
  readonly field?: string;
  readonly options?: KeptOptions;
  readonly parameters?: Readonly<Record<string, number>>;
  readonly define?: UserAggregate<unknown, never, unknown>;
  /** zScore: the measure it judges. */
  readonly of?: string;
}

/** Measures compiled: what is kept, what is shown, and which fields of which events that needs. */
export interface CompiledMeasures {
  readonly measures: readonly MeasurePlan[];
  readonly accumulators: readonly AccumulatorPlan[];
  readonly measureFilters: readonly MeasureFilterPlan[];
  /** Shown columns, in the order declared. */
  readonly columns: readonly ColumnPlan[];
  /** Hidden columns of the accumulators. */
  readonly stateColumns: readonly ColumnPlan[];
  /** Fields of a source that measures read. */
  readonly fieldsOf: (event: EventDefinition, source: number) => readonly string[];
}

/** Compiles `.measure({ … })` over the events of a projection. `reserved`: columns that the kind itself has. @throws DEFINITION_INVALID */
export function compileMeasures(
  declared: Readonly<Record<string, DeclaredMeasure>>,
  events: readonly EventDefinition[],
  reserved: readonly string[],
  fail: Fail,
): CompiledMeasures {
  const entries = Object.entries(declared);
  if (entries.length === 0) fail('.measure({})', 'declares nothing to keep.');
  const filters: MeasureFilterPlan[] = [];
  const compiled = entries.map(([name, measure]) => {
    const step = `.measure({ ${name} })`;
    const column = snakeCase(name);
    if (reserved.includes(column) || column.startsWith('_')) {
      fail(step, `the column "${column}" is reserved; choose another name.`);
    }
    return compileMeasure({ name, column, measure }, { events, filters, step, fail });
  });
  checkScores(compiled, fail);
  const measures = compiled.map(({ plan }) => plan);
  const accumulators = accumulatorsOf(compiled);
  const columns = compiled.flatMap((each) => measureColumn(each));
  const fieldsOf = (event: EventDefinition, source: number) =>
    [
      ...compiled.flatMap(({ field }) => (field === null ? [] : [field.name])),
      ...filters
        .filter((filter) => filter.source === null || filter.source === source)
        .flatMap(({ where }) => where.flatMap(filterFields)),
    ].filter((name) => event.fields.some((field) => field.name === name));
  return {
    measures,
    accumulators,
    measureFilters: filters,
    columns,
    stateColumns: stateColumns(accumulators, compiled),
    fieldsOf,
  };
}

interface Place {
  readonly events: readonly EventDefinition[];
  readonly filters: MeasureFilterPlan[];
  readonly step: string;
  readonly fail: Fail;
}

function compileMeasure(
  named: { readonly name: string; readonly column: string; readonly measure: DeclaredMeasure },
  place: Place,
): CompiledMeasure {
  const { name, column, measure } = named;
  const { step, fail, events } = place;
  const aggregate = measure.aggregate as AggregateName;
  const takes = TAKES[aggregate];
  if (takes === undefined) {
    return fail(
      step,
      `takes count(), sum, avg, min, max and the other aggregates; "${String(aggregate)}" is none.`,
    );
  }
  const filter = planMeasureFilter(measure.options ?? {}, place);
  const taken =
    filter === null || place.filters[filter]?.source === null
      ? events
      : [events[place.filters[filter]?.source as number] as EventDefinition];
  const field = takes === null ? null : fieldOf(measure, taken, takes, place);
  const everywhere = taken.every((event) => event.fields.some((each) => each.name === field?.name));
  const nullable = field !== null && (field.nullable || filter !== null || !everywhere);
  const parameters = measure.parameters ?? {};
  checkParameters(aggregate, parameters, place);
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
    of: measure.of === undefined ? null : snakeCase(measure.of),
  };
  const userColumn = measure.define?.column ?? null;
  return { plan, field, nullable, state, userColumn };
}

/** Measures that need the same state share it: several quantiles of one field, first and last not. */
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
  { step, fail }: Place,
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

/** The index of the measure's filter among the projection's; equal ones are shared. */
function planMeasureFilter(options: KeptOptions, place: Place): number | null {
  const { events, filters, step, fail } = place;
  if (options.where === undefined && options.of === undefined) return null;
  const source =
    options.of === undefined ? null : events.findIndex((event) => event === options.of);
  if (source === -1) {
    const given = (options.of as { name?: string }).name ?? String(options.of);
    fail(step, `{ of: ${given} } is no event of .from(…).`);
  }
  const taken = source === null ? events : [events[source] as EventDefinition];
  const where =
    options.where === undefined
      ? []
      : [taken.map((event) => planFilter(event, options.where, fail, step))[0] as never];
  const plan: MeasureFilterPlan = { source, where };
  const same = filters.findIndex((each) => isSame(each, plan));
  if (same >= 0) return same;
  return filters.push(plan) - 1;
}

function isSame(a: MeasureFilterPlan, b: MeasureFilterPlan): boolean {
  const text = (plan: MeasureFilterPlan) =>
    JSON.stringify(plan, (_key, value: unknown) =>
      typeof value === 'bigint' || typeof value === 'function'
        ? `${typeof value} ${String(value)}`
        : value,
    );
  return text(a) === text(b);
}

function checkParameters(
  aggregate: AggregateName,
  parameters: Readonly<Record<string, number>>,
  { step, fail }: Place,
): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (name === 'q' && !(value >= 0 && value <= 1))
      fail(step, `quantile(…, ${value}): takes a share from 0 to 1.`);
    else if (name === 'relativeError' && !(value >= 1e-4 && value < 1)) {
      fail(step, `relativeError ${value}: takes a share from 0.0001 to below 1.`);
    } else if (
      !['q', 'relativeError'].includes(name) &&
      !(Number.isSafeInteger(value) && value >= 1)
    ) {
      fail(step, `${aggregate} ${name} ${value}: takes a whole number from 1.`);
    }
  }
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

/** A z-score judges another measure of the projection, one that is a number. */
function checkScores(compiled: readonly CompiledMeasure[], fail: Fail): void {
  for (const { plan } of compiled) {
    if (plan.aggregate !== 'zScore') continue;
    const judged = compiled.find((each) => each.plan.column === plan.of);
    if (judged === undefined || judged.plan.aggregate === 'zScore') {
      fail(
        `.measure({ ${plan.name} })`,
        `zScore judges another measure of the projection; there is no "${plan.of}".`,
      );
    }
    const type = measureColumn(judged)[0]?.type;
    if (type !== 'float8' && type !== 'int8' && type !== 'numeric') {
      fail(
        `.measure({ ${plan.name} })`,
        `zScore needs a number; "${judged.plan.name}" is ${type}.`,
      );
    }
  }
}
