import type { StepContext } from '../check/fail-for.ts';
import { isNegative, mayBeMissing, type PatternElement } from '../plan/pattern-element.ts';

/**
 * Checks a pattern as a whole: its names, its first and its last element. @throws
 * DEFINITION_INVALID through `fail`
 */
export function checkPattern(
  pattern: readonly PatternElement[],
  within: { readonly withinMs: number | null; readonly withinStepsMs: number | null },
  { step, fail }: StepContext,
): void {
  if (pattern.length === 0) fail(step, "has no step; write begin('first').");
  const names = namesIn(pattern);
  for (const [i, name] of names.entries()) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      fail(step, `the step name "${name}" may hold only letters, digits and _.`);
    }
    if (names.indexOf(name) !== i) fail(step, `two steps are named "${name}".`);
  }
  const [first] = pattern;
  if (first !== undefined && isNegative(first)) {
    fail(step, 'cannot begin with what must not come.');
  }
  if (pattern.every(mayBeMissing)) {
    fail(step, 'every step is optional, so nothing would match already.');
  }
  const absence = absenceAtEnd(pattern);
  if (absence !== null && within.withinMs === null && within.withinStepsMs === null) {
    fail(
      step,
      `${absence === pattern.at(-1) ? 'ends' : 'may end'} with notFollowedBy("${namesIn([absence]).join()}") and has no within(duration): it would never be known that nothing comes.`,
    );
  }
}

/**
 * Returns a `notFollowedBy` that no required event follows: at the end of the pattern, at the end
 * of a group, or before optional elements. Null if there is none.
 */
function absenceAtEnd(elements: readonly PatternElement[]): PatternElement | null {
  for (const element of elements.toReversed()) {
    if (element.contiguity === 'notFollowedBy') return element;
    if (element.contiguity === 'notNext') continue;
    const inside = element.kind === 'group' ? absenceAtEnd(element.elements) : null;
    if (inside !== null) return inside;
    if (!mayBeMissing(element)) return null;
  }
  return null;
}

function namesIn(elements: readonly PatternElement[]): string[] {
  return elements.flatMap((element) =>
    element.kind === 'step' ? [element.name] : namesIn(element.elements),
  );
}
