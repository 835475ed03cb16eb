import type { FilterPlan } from './filter-plan.ts';

/**
 * The events that a step takes: of one kind (index in the plan's `sources`; null: any), and meeting
 * all of `where`.
 */
export interface ConditionOfStep {
  readonly source: number | null;
  readonly where: readonly FilterPlan[];
  /** Conditions that also get the events taken so far. Pure. */
  readonly iterative: readonly ((event: never, soFar: never) => boolean)[];
}

/**
 * How an element follows the previous one: `next` strict, `followedBy` relaxed, `followedByAny`
 * non-deterministic relaxed; `not…` must not occur.
 */
export type Contiguity = 'next' | 'followedBy' | 'followedByAny' | 'notNext' | 'notFollowedBy';

/** How often an element occurs, and the contiguity of its repetitions. */
export interface QuantifierPlan {
  readonly min: number;
  /** Maximum number of repetitions; null: unlimited. */
  readonly max: number | null;
  readonly optional: boolean;
  readonly greedy: boolean;
  readonly inner: 'consecutive' | 'relaxed' | 'combinations';
  /** Ends the repetitions; the event itself is not taken. */
  readonly until: ConditionOfStep | null;
}

/** One step or group of a pattern, in order. The first element's contiguity is ignored. */
export type PatternElement = {
  readonly contiguity: Contiguity;
  readonly quantifier: QuantifierPlan;
} & (
  | { readonly kind: 'step'; readonly name: string; readonly condition: ConditionOfStep }
  | { readonly kind: 'group'; readonly elements: readonly PatternElement[] }
);

/**
 * What happens to other partial matches after a match. `throwOnMiss`: a missing step is an error;
 * otherwise it behaves as `noSkip`.
 */
export type SkipPlan<Step extends string = string> =
  | { readonly kind: 'noSkip' | 'skipToNext' | 'skipPastLastEvent' }
  | {
      readonly kind: 'skipToFirst' | 'skipToLast';
      readonly step: Step;
      readonly throwOnMiss: boolean;
    };

/** True if an element is negative: its event must not occur. */
export function isNegative({ contiguity }: PatternElement): boolean {
  return contiguity === 'notNext' || contiguity === 'notFollowedBy';
}

/**
 * True if a match may have no event of the element: it is optional, or a group in which nothing is
 * required.
 */
export function mayBeMissing(element: PatternElement): boolean {
  if (element.quantifier.optional || isNegative(element)) return true;
  return element.kind === 'group' && element.elements.every(mayBeMissing);
}
