import type { ConditionPlan, FilterPlan } from '../../projection/plan/filter-plan.ts';
import { compareValues, type Ordered } from './compare-values.ts';

/** True if the event meets every filter. A function that throws excludes its event. */
export function meetsAll(
  filters: readonly FilterPlan[],
  event: Readonly<Record<string, unknown>>,
): boolean {
  return filters.every((filter) => {
    if (filter.kind === 'conditions') return filter.conditions.every((each) => meets(each, event));
    try {
      return filter.accepts(event as never);
    } catch {
      return false;
    }
  });
}

function meets(
  { field, operator, values }: ConditionPlan,
  event: Readonly<Record<string, unknown>>,
): boolean {
  const value = (event[field] ?? null) as Ordered | null;
  if (operator === 'in') return values.some((each) => isSame(value, each));
  if (operator === 'notIn') return !values.some((each) => isSame(value, each));
  const [bound] = values;
  if (value === null || bound === null || bound === undefined) return false;
  const order = compareValues(value, bound);
  switch (operator) {
    case 'gt':
      return order > 0;
    case 'gte':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'lte':
      return order <= 0;
  }
}

function isSame(a: Ordered | null, b: Ordered | null): boolean {
  return a === null || b === null ? a === b : compareValues(a, b) === 0;
}
