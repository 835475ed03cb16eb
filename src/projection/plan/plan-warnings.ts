import { isNegative, type PatternElement } from './pattern-element.ts';
import type { PatternPlan, Plan } from './plan.ts';

/**
 * Returns warnings about behaviour that the author of a plan probably does not intend: one sentence
 * each, with advice. Empty if there are none.
 */
export function planWarnings(plan: Plan): readonly string[] {
  return plan.kind === 'pattern' ? heldForEver(plan) : [];
}

/**
 * Warns about matches that are never released. With a skip strategy, matches wait for partial
 * matches that started earlier; without a time limit, one that waits for its next event may never
 * end.
 */
function heldForEver({ pattern, skip, withinMs, withinStepsMs }: PatternPlan): string[] {
  if (skip.kind === 'noSkip' || withinMs !== null || withinStepsMs !== null) return [];
  const [open] = openElements(pattern, true);
  if (open === undefined) return [];
  return [
    `after a match: ${skip.kind}, and no within(…): a match waits until no partial match of its key that began earlier is left, and one that waits for ${open} may stay for ever. Add .within(duration) to the pattern.`,
  ];
}

/** Describes the elements for which a partial match can wait beyond the next event. */
function openElements(elements: readonly PatternElement[], isFirst: boolean): string[] {
  return elements.flatMap((element, i) => {
    if (isNegative(element)) return [];
    const { contiguity, quantifier } = element;
    const begins = isFirst && i === 0;
    const name = element.kind === 'group' ? 'a group' : `"${element.name}"`;
    const waits = !begins && contiguity !== 'next' ? [`${name} (${contiguity})`] : [];
    const { min, max, inner } = quantifier;
    const repeats = max === null || max > 1;
    const isOpen = repeats && (max === null || inner !== 'consecutive');
    const again = isOpen ? [`more of ${name} (${min} to ${max ?? 'any number of'} times)`] : [];
    // The first step of a group has the contiguity of the group.
    const inside = element.kind === 'group' ? openElements(element.elements, true) : [];
    return [...waits, ...again, ...inside];
  });
}
