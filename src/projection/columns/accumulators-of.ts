import type { Field } from '../../event/field-type.ts';
import type { AccumulatorPlan } from '../plan/plan.ts';
import { snakeCase } from '../plan/snake-case.ts';
import type { CompiledMeasure } from './compiled-measures.ts';

/**
 * Returns the accumulators that the measures need; measures that need the same one share it. If a
 * measure's value is the state of an accumulator, its column holds that state.
 */
export function accumulatorsOf(compiled: readonly CompiledMeasure[]): AccumulatorPlan[] {
  const planned = new Map<string, AccumulatorPlan>();
  const add = (id: string, accumulator: AccumulatorPlan) => {
    const key = `${id} of ${accumulator.filter}`;
    if (!planned.has(key)) planned.set(key, accumulator);
  };
  // Measures with a column of their own first, so that `avg` finds the state of a `sum` of the same
  // field.
  const ordered = [...compiled].sort(
    (a, b) => Number(a.plan.aggregate === 'avg') - Number(b.plan.aggregate === 'avg'),
  );
  for (const { plan, field, nullable, state } of ordered) {
    const { aggregate, column, filter } = plan;
    if (aggregate === 'zScore') continue;
    if (state !== null && plan.state !== null) {
      const name = field?.name ?? null;
      add(plan.state, { kind: 'object', field: name, column: plan.state, state, filter });
      continue;
    }
    if (aggregate === 'count' || field === null) {
      add('count', { kind: 'count', field: null, column, filter });
      continue;
    }
    const suffix = filter === null ? '' : `_of_${filter}`;
    if (aggregate === 'min' || aggregate === 'max') {
      add(`${aggregate} ${field.name}`, { kind: aggregate, field: field.name, column, filter });
    } else {
      const hidden = `${stateName('sum', field)}${suffix}`;
      add(
        `sum ${field.name}`,
        sumOf(field, { hidden, shown: aggregate === 'sum' ? column : hidden, filter }),
      );
    }
    if (nullable) {
      add(`count ${field.name}`, {
        kind: 'count',
        field: field.name,
        column: `${stateName('count', field)}${suffix}`,
        filter,
      });
    } else if (aggregate === 'avg') {
      add('count', { kind: 'count', field: null, column: '_count', filter });
    }
  }
  return [...planned.values()];
}

function sumOf(
  field: Field,
  names: { readonly hidden: string; readonly shown: string; readonly filter: number | null },
): AccumulatorPlan {
  const { hidden, shown, filter } = names;
  if (isInteger(field)) return { kind: 'sumInteger', field: field.name, column: shown, filter };
  return {
    kind: 'sumDouble',
    field: field.name,
    hi: shown,
    lo: `${hidden}_lo`,
    rest: `${hidden}_rest`,
    filter,
  };
}

/** True for longs and decimals, which are added as integers. Other numbers are added as doubles. */
function isInteger({ type }: Field): boolean {
  return type.kind === 'long' || type.kind === 'decimal' || type.kind === 'timestamp-micros';
}

function stateName(aggregate: string, field: Field): string {
  return `_${aggregate}_${snakeCase(field.name)}`;
}
