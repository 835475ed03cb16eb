import type { EventDefinition } from '../event/event-definition.ts';
import { planFilter } from './compile-sources.ts';
import type { Fail } from './definition-fault.ts';
import type { DeclaredElement } from './pattern.ts';
import type { ConditionOfStep, PatternElement } from './pattern-plan.ts';

const STEP = '.pattern(…)';

interface Place {
  readonly from: readonly EventDefinition[];
  readonly isFirst: boolean;
  readonly fail: Fail;
}

/** One element of a pattern, groups with all inside. @throws DEFINITION_INVALID */
export function planElement(element: DeclaredElement, place: Place): PatternElement {
  const { from, fail } = place;
  const { contiguity, min, max, optional, greedy, inner, methods } = element;
  const step = `${STEP} ${element.name === null ? 'group' : `step "${element.name}"`}`;
  const isNegative = contiguity === 'notNext' || contiguity === 'notFollowedBy';
  if (isNegative && methods.length > 0)
    fail(step, `${contiguity} cannot have ${methods.join(', ')}(): it says what must not come.`);
  if (
    !(
      Number.isSafeInteger(min) &&
      min >= 1 &&
      (max === null || (Number.isSafeInteger(max) && max >= min))
    )
  ) {
    fail(
      step,
      `times(${min}, ${max}): takes whole numbers from 1, the second not below the first.`,
    );
  }
  const repeats = max === null || max > 1;
  if (!repeats && greedy) fail(step, 'greedy() needs a step that repeats, such as oneOrMore().');
  if (!repeats && inner !== 'relaxed') fail(step, `${methods.at(-1)}() needs a step that repeats.`);
  if (element.until !== null && max !== null)
    fail(step, 'until(…) needs a loop: oneOrMore() or timesOrMore(n).');
  const condition = (where: unknown, on: unknown) =>
    planCondition({ where, on }, { from, step, fail });
  const quantifier = {
    min,
    max,
    optional,
    greedy,
    inner,
    until: element.until === null ? null : condition(element.until, element.options.on),
  };
  if (element.group !== null) {
    if (element.group.every((each) => each.optional || each.contiguity.startsWith('not'))) {
      fail(step, 'every step of the group is optional, so it would match nothing, over and over.');
    }
    if (repeats && element.group.at(-1)?.contiguity.startsWith('not') === true) {
      fail(
        step,
        'repeats and ends with what must not come, so it could not be told which repetition an event belongs to. Put the negation behind the group.',
      );
    }
    const elements = element.group.map((each, i) =>
      planElement(each, { ...place, isFirst: i === 0 }),
    );
    return { kind: 'group', contiguity, quantifier, elements };
  }
  const { where, on } = element.options;
  return {
    kind: 'step',
    contiguity,
    quantifier,
    name: element.name as string,
    condition: condition(where, on),
  };
}

function planCondition(
  { where, on }: { readonly where: unknown; readonly on: unknown },
  {
    from,
    step,
    fail,
  }: { readonly from: readonly EventDefinition[]; readonly step: string; readonly fail: Fail },
): ConditionOfStep {
  const source = on === undefined ? null : from.findIndex((event) => event === on);
  if (source === -1) fail(step, `{ on: ${(on as EventDefinition).name} } is no event of .from(…).`);
  if (where === undefined) return { source, where: [], iterative: [] };
  if (typeof where === 'function' && where.length > 1) {
    return { source, where: [], iterative: [where as never] };
  }
  const events = source === null ? from : [from[source] as EventDefinition];
  const plans = events.map((event) => planFilter(event, where, fail, step));
  return { source, where: plans.slice(0, 1), iterative: [] };
}
