import type { Holding } from '../syntax/fields-read.ts';
import type { FilterPlan } from './filter-plan.ts';
import type { ConditionOfStep, PatternElement } from './pattern-element.ts';
import type { Plan } from './plan.ts';

/** A function of a plan. */
export interface PlanFunction {
  /** The name that users know, such as `.row(…)`. */
  readonly name: string;
  /** Its source text. */
  readonly text: string;
  /** Its parameters that hold events: position and content. */
  readonly events: readonly (readonly [index: number, holding: Holding])[];
  /** Index of the source whose events it gets; null: of all sources. */
  readonly source: number | null;
}

type AnyFunction = (...parameters: never[]) => unknown;
type Add = (
  name: string,
  given: AnyFunction | string,
  source: number | null,
  ...events: PlanFunction['events']
) => void;
type Shape = Partial<Omit<Extract<Plan, { kind: 'windowed' }>, 'kind'>> &
  Partial<Omit<Extract<Plan, { kind: 'session' }>, 'kind'>> &
  Partial<Omit<Extract<Plan, { kind: 'pattern' }>, 'kind'>> &
  Partial<Omit<Extract<Plan, { kind: 'table' }>, 'kind'>>;

/**
 * Returns the functions that a plan folds and publishes with, in the order declared, and the
 * upcasters of its events.
 */
export function planFunctions(plan: object): readonly PlanFunction[] {
  const shape = plan as Shape;
  const { window, gap, sources = [], measureFilters = [] } = shape;
  const found: PlanFunction[] = [];
  const add: Add = (name, given, source, ...events) => {
    found.push({ name, text: String(given), source, events });
  };
  sources.forEach(({ where }, i) => {
    for (const accepts of functionsOf(where)) add('.where(…)', accepts, i, [0, 'event']);
  });
  if (window?.kind === 'custom') add('customWindows(…)', window.written, null, [1, 'event']);
  if (gap?.kind === 'dynamic') add('gap', gap.written, null, [0, 'event']);
  for (const { source, where } of measureFilters) {
    for (const accepts of functionsOf(where))
      add('{ where } of a measure', accepts, source, [0, 'event']);
  }
  for (const accumulator of shape.accumulators ?? []) {
    if (accumulator.kind !== 'object' || accumulator.state.kind !== 'user') continue;
    const { add: fold, merge, result } = accumulator.state;
    const { filter } = accumulator;
    add(
      'add of aggregate(…)',
      fold,
      filter === null ? null : (measureFilters[filter]?.source ?? null),
      [1, 'event'],
    );
    add('merge of aggregate(…)', merge, null);
    add('result of aggregate(…)', result, null);
  }
  for (const { keys, source, reduce } of shape.handlers ?? []) {
    const event = sources[source]?.event.name ?? '';
    if (keys.kind === 'function') add('.keys(…)', keys.keysOf, source, [0, 'event']);
    add(`.on(${event}, …)`, reduce, source, [1, 'event']);
  }
  for (const tombstone of shape.tombstones ?? []) {
    if (tombstone.kind === 'handler') add('.onTombstone(…)', tombstone.reduce, null);
  }
  for (const { event } of sources) {
    for (const { up } of event.evolution?.upcasters ?? [])
      add(`an upcaster of ${event.name}`, up, null);
  }
  addOfMatches(shape, add);
  return found;
}

/** Adds the functions that get matches, and those that create events. */
function addOfMatches({ pattern = [], row, emissions = [] }: Shape, add: Add): void {
  for (const { name, condition } of conditionsIn(pattern)) {
    for (const accepts of functionsOf(condition.where))
      add(name, accepts, condition.source, [0, 'event']);
    for (const accepts of condition.iterative) {
      // The events taken so far may be of every step.
      add(name, accepts, null, [0, 'event'], [1, 'match']);
    }
  }
  if (row) add('.row(…)', row, null, [0, 'match']);
  for (const { on, make, event } of emissions) {
    const ofMatch = on === 'match' || on === 'timeout';
    const step = on === 'match' ? '.alert' : on === 'timeout' ? '.onTimeout' : '.onClose';
    const name = `${step}(${event.name}, …)`;
    if (ofMatch) add(name, make, null, [0, 'match']);
    else add(name, make, null);
  }
}

function functionsOf(where: readonly FilterPlan[]): readonly AnyFunction[] {
  return where.flatMap((filter) => (filter.kind === 'function' ? [filter.accepts] : []));
}

function conditionsIn(
  elements: readonly PatternElement[],
): { readonly name: string; readonly condition: ConditionOfStep }[] {
  return elements.flatMap((element) => {
    const { until } = element.quantifier;
    const name = element.kind === 'step' ? `step "${element.name}"` : 'a group';
    return [
      ...(until === null ? [] : [{ name: `until(…) of ${name}`, condition: until }]),
      ...(element.kind === 'step'
        ? [{ name, condition: element.condition }]
        : conditionsIn(element.elements)),
    ];
  });
}
