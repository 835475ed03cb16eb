import type { EventDefinition } from '../../event/event-definition.ts';
import type { StepContext } from '../check/fail-for.ts';
import type { KeptOptions } from '../declare/aggregates.ts';
import type { MeasureFilterPlan } from '../plan/plan.ts';
import { planFilter } from './plan-sources.ts';

/**
 * Context of a measure's filter: the events it may take, and the filters of earlier measures, to
 * which its own is added.
 */
export interface MeasureContext extends StepContext {
  readonly events: readonly EventDefinition[];
  readonly filters: MeasureFilterPlan[];
}

/**
 * Returns the index of the measure's filter among the projection's filters; null if it takes every
 * event. Equal filters are shared. @throws DEFINITION_INVALID through `fail`
 */
export function planMeasureFilter(options: KeptOptions, context: MeasureContext): number | null {
  const { events, filters, step, fail } = context;
  if (options.where === undefined && options.of === undefined) return null;
  const source =
    options.of === undefined ? null : events.findIndex((event) => event === options.of);
  if (source === -1) {
    const given = (options.of as { name?: string } | null)?.name ?? String(options.of);
    fail(step, `{ of: ${given} } is no event of .from(…).`);
  }
  const taken = source === null ? events : [events[source] as EventDefinition];
  const where =
    options.where === undefined
      ? []
      : [taken.map((event) => planFilter(event, options.where, fail, step))[0] as never];
  const plan: MeasureFilterPlan = { source, where };
  const same = filters.findIndex((each) => isSame(each, plan));
  return same >= 0 ? same : filters.push(plan) - 1;
}

/**
 * True if two filters are equal. Functions are equal only if they are the same object: two with the
 * same text may have captured different values.
 */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  const other = new Map<string, unknown>(Object.entries(b));
  const entries = Object.entries(a);
  return (
    entries.length === other.size &&
    entries.every(([name, value]) => isSame(value, other.get(name)))
  );
}
