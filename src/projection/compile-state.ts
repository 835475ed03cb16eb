import type { EventDefinition } from '../event/event-definition.ts';
import type { Field } from '../event/field-type.ts';
import type { AccumulatorPlan, MeasurePlan } from './plan.ts';
import { snakeCase } from './snake-case.ts';
import type { ColumnPlan, ColumnType } from './table-plan.ts';

/** The accumulators that the measures need, shared where two need the same. A measure whose value is an accumulator's state lends it its column. */
export function planAccumulators(
  event: EventDefinition,
  measures: readonly MeasurePlan[],
): AccumulatorPlan[] {
  const planned = new Map<string, AccumulatorPlan>();
  const add = (id: string, accumulator: AccumulatorPlan) => {
    if (!planned.has(id)) planned.set(id, accumulator);
  };
  // Measures with a column of their own first, so that `avg` finds the state of a `sum` beside it.
  const ordered = [...measures].sort(
    (a, b) => Number(a.aggregate === 'avg') - Number(b.aggregate === 'avg'),
  );
  for (const { aggregate, field: name, column } of ordered) {
    const field = event.fields.find((each) => each.name === name);
    if (aggregate === 'count' || field === undefined) {
      add('count', { kind: 'count', field: null, column, filter: null });
      continue;
    }
    if (aggregate === 'min' || aggregate === 'max') {
      add(`${aggregate} ${field.name}`, {
        kind: aggregate,
        field: field.name,
        column,
        filter: null,
      });
    } else {
      add(
        `sum ${field.name}`,
        sumOf(field, aggregate === 'sum' ? column : stateName('sum', field)),
      );
    }
    if (field.nullable) {
      const column = stateName('count', field);
      add(`count ${field.name}`, { kind: 'count', field: field.name, column, filter: null });
    } else if (aggregate === 'avg') {
      add('count', { kind: 'count', field: null, column: '_count', filter: null });
    }
  }
  return [...planned.values()];
}

function sumOf(field: Field, column: string): AccumulatorPlan {
  if (isInteger(field)) return { kind: 'sumInteger', field: field.name, column, filter: null };
  const hidden = stateName('sum', field);
  return {
    kind: 'sumDouble',
    field: field.name,
    hi: column,
    lo: `${hidden}_lo`,
    rest: `${hidden}_rest`,
    filter: null,
  };
}

/** Longs and decimals are added as integers; every other number as a double. */
function isInteger({ type }: Field): boolean {
  return type.kind === 'long' || type.kind === 'decimal' || type.kind === 'timestamp-micros';
}

function stateName(aggregate: string, field: Field): string {
  return `_${aggregate}_${snakeCase(field.name)}`;
}

/** The columns of the measures, in the order declared. */
export function measureColumns(
  event: EventDefinition,
  measures: readonly MeasurePlan[],
): ColumnPlan[] {
  return measures.map(({ name, column, aggregate, field: fieldName }) => {
    const field = event.fields.find((each) => each.name === fieldName);
    const nullable = field?.nullable ?? false;
    const comment =
      fieldName === null ? `${name}: number of events` : `${name}: ${aggregate} of ${fieldName}`;
    return { name: column, role: 'measure', nullable, comment, ...measureType(aggregate, field) };
  });
}

/** Hidden columns: the accumulators' state that no measure shows. */
export function stateColumns(
  event: EventDefinition,
  accumulators: readonly AccumulatorPlan[],
): ColumnPlan[] {
  return accumulators.flatMap((accumulator): ColumnPlan[] => {
    const field = event.fields.find((each) => each.name === accumulator.field);
    const hidden = (name: string, type: ColumnType, comment: string): ColumnPlan[] => {
      const nullable =
        type === 'float8[]' || (accumulator.kind !== 'count' && (field?.nullable ?? false));
      const scale = type === 'numeric' ? scaleOf(field) : {};
      return name.startsWith('_')
        ? [{ name, type, role: 'state', nullable, comment, ...scale }]
        : [];
    };
    switch (accumulator.kind) {
      case 'count':
        return hidden(
          accumulator.column,
          'int8',
          `values of ${accumulator.field ?? 'the event'} counted`,
        );
      case 'sumInteger':
        return hidden(accumulator.column, 'numeric', `exact sum of ${accumulator.field}`);
      case 'sumDouble':
        return [
          ...hidden(accumulator.hi, 'float8', `sum of ${accumulator.field}, rounded once`),
          ...hidden(
            accumulator.lo,
            'float8',
            `what rounding left over of the sum of ${accumulator.field}`,
          ),
          ...hidden(
            accumulator.rest,
            'float8[]',
            `what a second rounding left over of the sum of ${accumulator.field}`,
          ),
        ];
      default:
        return [];
    }
  });
}

function measureType(
  aggregate: MeasurePlan['aggregate'],
  field: Field | undefined,
): { type: ColumnType; scale?: number } {
  if (aggregate === 'count' || field === undefined) return { type: 'int8' };
  if (aggregate === 'avg') return { type: 'float8' };
  switch (field.type.kind) {
    case 'decimal':
      return { type: 'numeric', ...scaleOf(field) };
    case 'long':
    case 'timestamp-micros':
      return { type: aggregate === 'sum' ? 'numeric' : 'int8' };
    case 'timestamp-millis':
      return { type: 'timestamptz' };
    default:
      return { type: 'float8' };
  }
}

function scaleOf(field: Field | undefined): { scale?: number } {
  return field?.type.kind === 'decimal' ? { scale: field.type.scale } : {};
}
