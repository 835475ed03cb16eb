import type { EventDefinition } from '../../event/event-definition.ts';
import { checkFunction } from '../check/check-function.ts';
import { checkOptions } from '../check/check-options.ts';
import { milliseconds, notADuration } from '../check/duration.ts';
import type { Fail, StepContext } from '../check/fail-for.ts';
import type { DeclaredElement, DeclaredPattern } from '../declare/pattern.ts';
import type {
  ConditionOfStep,
  PatternElement,
  QuantifierPlan,
  SkipPlan,
} from '../plan/pattern-element.ts';
import { isNegative, mayBeMissing } from '../plan/pattern-element.ts';
import { planFilter } from './plan-sources.ts';

interface ElementContext extends StepContext {
  /** The events of the projection. */
  readonly events: readonly EventDefinition[];
}

/**
 * Plans the steps and groups of a pattern or group and checks each of them. @throws
 * DEFINITION_INVALID through `fail`
 */
export function planElements(
  elements: readonly DeclaredElement[],
  context: ElementContext,
): PatternElement[] {
  return elements.map((element) => planElement(element, context));
}

function planElement(element: DeclaredElement, outer: ElementContext): PatternElement {
  const { fail } = outer;
  const { contiguity, name, group, options } = element;
  const isNegative = contiguity.startsWith('not');
  const step = `${outer.step} ${group === null ? `step "${String(name)}"` : 'group'}`;
  const context = { ...outer, step };
  if (isNegative && group !== null) {
    fail(step, `${contiguity} takes one step; what must not come cannot be a group.`);
  }
  if (isNegative && element.methods.length > 0) {
    const methods = element.methods.map((method) => `${method}()`).join(', ');
    fail(step, `${contiguity} cannot have ${methods}: it says what must not come.`);
  }
  const quantifier = planQuantifier(element, context);
  if (group !== null) {
    const elements = planElements(group.elements, context);
    checkGroup(group, { elements, repeats: repeats(quantifier), context });
    return { kind: 'group', contiguity, quantifier, elements };
  }
  if (name === null) return fail(step, "has no name; write begin('first'), next('second').");
  checkOptions(options, ['where', 'on'], context);
  return { kind: 'step', contiguity, quantifier, name, condition: planCondition(options, context) };
}

function checkGroup(
  group: DeclaredPattern,
  {
    elements,
    repeats: isLoop,
    context: { step, fail },
  }: {
    readonly elements: readonly PatternElement[];
    readonly repeats: boolean;
    readonly context: StepContext;
  },
): void {
  if (group.within.length > 0 || group.skips.length > 0) {
    const method = group.within.length > 0 ? 'within(…)' : 'afterMatch(…)';
    fail(step, `has ${method} of its own; it goes with the whole pattern.`);
  }
  if (isLoop && elements.every(mayBeMissing)) {
    fail(
      step,
      'repeats and every step of it is optional, so it would match nothing, over and over. Make one step required, or do not repeat the group.',
    );
  }
  const last = elements.at(-1);
  if (isLoop && last !== undefined && isNegative(last)) {
    fail(
      step,
      'repeats and ends with what must not come, so it could not be told which repetition an event belongs to. Put the negation behind the group.',
    );
  }
}

/** Methods that exclude each other: a second one would silently replace the first. */
const ALTERNATIVES = [
  ['times', 'timesOrMore', 'oneOrMore'],
  ['consecutive', 'allowCombinations'],
];

function planQuantifier(element: DeclaredElement, context: ElementContext): QuantifierPlan {
  const { step, fail } = context;
  const { min, max, optional, greedy, inner, methods } = element;
  const [count = 'times', ...more] = methods.filter((each) => ALTERNATIVES[0]?.includes(each));
  const inside = methods.filter((each) => ALTERNATIVES[1]?.includes(each));
  const again = methods.find((each, i) => methods.indexOf(each) !== i);
  if (again !== undefined) fail(step, `${again}() is called twice.`);
  if (more.length > 0)
    fail(step, `has both ${count}() and ${more[0]}(); a step takes one of them.`);
  if (inside.length > 1) {
    fail(step, `has both ${inside[0]}() and ${inside[1]}(); a step takes one of them.`);
  }
  const isCount = (n: number) => Number.isSafeInteger(n) && n >= 1;
  if (!isCount(min) || (max !== null && !isCount(max))) {
    const written = max === null || max === min ? `${min}` : `${min}, ${max}`;
    fail(
      step,
      `${count}(${written}): takes whole numbers from 1; what may be missing is optional().`,
    );
  }
  if (max !== null && max < min) {
    fail(step, `times(${min}, ${max}): the second number is below the first.`);
  }
  const isLoop = repeats({ max });
  if (!isLoop && greedy) fail(step, 'greedy() needs a step that repeats, such as oneOrMore().');
  if (!isLoop && inside.length > 0) {
    fail(step, `${inside[0]}() needs a step that repeats, such as oneOrMore().`);
  }
  if (element.until !== null && max !== null) {
    fail(step, 'until(…) needs a loop: oneOrMore() or timesOrMore(n).');
  }
  const until =
    element.until === null
      ? null
      : planCondition(
          { where: element.until, on: element.options?.on },
          { ...context, step: `${step} until(…)` },
        );
  return { min, max, optional, greedy, inner, until };
}

function repeats({ max }: Pick<QuantifierPlan, 'max'>): boolean {
  return max === null || max > 1;
}

function planCondition(
  { where, on }: DeclaredElement['options'],
  { events, step, fail }: ElementContext,
): ConditionOfStep {
  const source = on === undefined ? null : events.findIndex((event) => event === on);
  if (source === -1) {
    const given = (on as EventDefinition | null)?.name ?? String(on);
    fail(step, `{ on: ${given} } is no event of .from(…).`);
  }
  if (where === undefined) return { source, where: [], iterative: [] };
  if (typeof where === 'function' && where.length > 1) {
    checkFunction(where, 'its condition', { step, fail });
    return { source, where: [], iterative: [where as never] };
  }
  const taken = source === null ? events : [events[source] as EventDefinition];
  const plans = taken.map((event) => planFilter(event, where, fail, step));
  return { source, where: plans.slice(0, 1), iterative: [] };
}

/** Returns both kinds of `within`, in milliseconds. @throws DEFINITION_INVALID through `fail` */
export function planWithin(
  { within }: DeclaredPattern,
  { step: outer, fail }: StepContext,
): { readonly withinMs: number | null; readonly withinStepsMs: number | null } {
  const step = `${outer} .within(…)`;
  const found = new Map<unknown, number>();
  for (const { duration, between } of within) {
    if (between !== 'firstToLast' && between !== 'betweenSteps') {
      fail(step, `${JSON.stringify(between)} is neither 'firstToLast' nor 'betweenSteps'.`);
    }
    if (found.has(between)) fail(step, `is called twice for '${between}'.`);
    const ms = milliseconds(duration);
    if (ms === null) return fail(step, notADuration(duration));
    if (ms <= 0)
      fail(step, `${JSON.stringify(duration)} is not longer than nothing, such as '5 minutes'.`);
    found.set(between, ms);
  }
  return {
    withinMs: found.get('firstToLast') ?? null,
    withinStepsMs: found.get('betweenSteps') ?? null,
  };
}

const SKIPS = new Set(['noSkip', 'skipToNext', 'skipPastLastEvent', 'skipToFirst', 'skipToLast']);

/**
 * Returns the skip strategy: what happens to other partial matches. Default: they are kept. @throws
 * DEFINITION_INVALID through `fail`
 */
export function planSkip(
  { skips }: DeclaredPattern,
  pattern: readonly PatternElement[],
  fail: Fail,
): SkipPlan {
  const step = '.pattern(…) .afterMatch(…)';
  const skip = skips.length === 0 ? ({ kind: 'noSkip' } as const) : (skips[0] as SkipPlan);
  if (skips.length > 1) fail(step, 'is called twice.');
  if (!SKIPS.has(skip?.kind)) {
    fail(
      step,
      "takes noSkip(), skipToNext(), skipPastLastEvent(), skipToFirst('step') or skipToLast('step').",
    );
  }
  if ('step' in skip) {
    const names = takenSteps(pattern);
    if (!names.includes(skip.step)) {
      fail(
        step,
        `${skip.kind}("${skip.step}"): no step of that name takes an event; there are ${names.join(', ')}.`,
      );
    }
  }
  return skip;
}

/** Returns the names of the steps that take events. Negative steps are never part of a match. */
function takenSteps(elements: readonly PatternElement[]): string[] {
  return elements.flatMap((element) => {
    if (element.kind === 'group') return takenSteps(element.elements);
    return isNegative(element) ? [] : [element.name];
  });
}
