import type { FilterPlan } from './filter-plan.ts';

/**
 * What a step takes: events of one kind (index in the plan's `sources`; null: any) that meet all of
 * `where`.
 */
export interface ConditionOfStep {
  readonly source: number | null;
  readonly where: readonly FilterPlan[];
  /** Conditions that also look at the events taken so far. Pure. */
  readonly iterative: readonly ((event: never, soFar: never) => boolean)[];
}

/**
 * How an element follows the one before: `next` strict, `followedBy` relaxed, `followedByAny`
 * non-deterministic relaxed; `not…` must not occur.
 */
export type Contiguity = 'next' | 'followedBy' | 'followedByAny' | 'notNext' | 'notFollowedBy';

/** How often an element occurs, and how its repetitions follow each other. */
export interface QuantifierPlan {
  readonly min: number;
  /** null: without limit. */
  readonly max: number | null;
  readonly optional: boolean;
  readonly greedy: boolean;
  readonly inner: 'consecutive' | 'relaxed' | 'combinations';
  /** Ends the loop; the event itself is not taken. */
  readonly until: ConditionOfStep | null;
}

/** One step or group of a pattern, in order. The first element's contiguity is not looked at. */
export type PatternElement = {
  readonly contiguity: Contiguity;
  readonly quantifier: QuantifierPlan;
} & (
  | { readonly kind: 'step'; readonly name: string; readonly condition: ConditionOfStep }
  | { readonly kind: 'group'; readonly elements: readonly PatternElement[] }
);

/**
 * What becomes of other partial matches after a match. `throwOnMiss`: a missing step is an error
 * instead of behaving as `noSkip`.
 */
export type SkipPlan<Step extends string = string> =
  | { readonly kind: 'noSkip' | 'skipToNext' | 'skipPastLastEvent' }
  | {
      readonly kind: 'skipToFirst' | 'skipToLast';
      readonly step: Step;
      readonly throwOnMiss: boolean;
    };

/** Whether an element says what must not come. */
export function isNegative({ contiguity }: PatternElement): boolean {
  return contiguity === 'notNext' || contiguity === 'notFollowedBy';
}

/**
 * Whether a match may have no event of the element: it is optional, or a group in which nothing
 * must come.
 */
export function mayBeMissing(element: PatternElement): boolean {
  if (element.quantifier.optional || isNegative(element)) return true;
  return element.kind === 'group' && element.elements.every(mayBeMissing);
}
