import type { CaseCondition, CaseElement, CaseStep, PatternCase } from './pattern-case.ts';

/** What differs in a case: matches as text, one each. */
interface Difference {
  readonly onlyOurs: readonly string[];
  readonly onlyFlinks: readonly string[];
  /** Partial matches that time out in Flink. */
  readonly flinksTimeouts: readonly string[];
  /** The fold fails as throwOnMiss says, and Flink does not. */
  readonly missesOnlyHere: boolean;
}

/** A way in which Flink's automaton contradicts its documentation, or itself. */
interface FlinkFault {
  readonly name: string;
  readonly why: string;
  readonly explains: (one: PatternCase, difference: Difference) => boolean;
}

/**
 * Flink 1.20's own faults, as its source has them; ours is what docs/explanation/patterns.md says.
 */
export const FLINK_FAULTS: readonly FlinkFault[] = [
  {
    name: 'absence not seen',
    why: 'Behind a loop or a notNext, the state that waits for an absence is entered only with a further event. Without one the run times out, though nothing came that must not come.',
    explains: ({ elements, skip }, { onlyOurs, onlyFlinks, flinksTimeouts, missesOnlyHere }) => {
      const end = elements.at(-1);
      if (end === undefined || !isNegative(end)) return false;
      if (missesOnlyHere) return true;
      const timedOut = onlyOurs.filter((match) => flinksTimeouts.includes(match));
      // What skips after such a match, or would have been skipped, differs too.
      return skip.kind === 'noSkip'
        ? onlyFlinks.length === 0 && timedOut.length === onlyOurs.length
        : timedOut.length > 0;
    },
  },
  {
    name: 'absence before an optional end',
    why: 'A match without the optional end is given at once, although what must not come may still come in time.',
    explains: ({ elements }) => {
      const last = elements.findLastIndex((element) => !mayBeMissing(element));
      const behind = elements.slice(last + 1);
      const end = behind.at(-1);
      return behind.some(isNegative) && end !== undefined && !isNegative(end);
    },
  },
  {
    name: 'negated and taken',
    why: 'An event that is both what must not come and what a step takes ends the run where more steps follow, and completes the match where none does.',
    explains: (one) => {
      const steps = stepsIn(one.elements);
      const conditions = steps.filter((step) => !isNegative(step)).map((step) => step.condition);
      return steps
        .filter(isNegative)
        .some((not) => conditions.some((taken) => meetsBoth(one, not.condition, taken)));
    },
  },
  {
    name: 'greedy holds what until gives free',
    why: 'The step behind a greedy loop refuses what the loop takes, also from the event that meets its until on; only right after the loop a copy of that step does not.',
    explains: (one) =>
      stepsIn(one.elements).some(
        ({ condition, quantifier: { greedy, until } }) =>
          greedy && until !== null && happens(one, until) && happens(one, condition),
      ),
  },
  {
    name: 'until before the first event',
    why: 'An event that meets a loop and its until is not taken, and is not passed over by the wait for the first event either: the wait is over.',
    explains: (one) =>
      stepsIn(one.elements).some(
        ({ condition, quantifier: { until } }) =>
          until !== null && meetsBoth(one, condition, until),
      ),
  },
  {
    name: 'full greedy loop',
    why: 'The step behind times(a, b).greedy() refuses what the loop takes, also once the loop has taken b.',
    explains: ({ elements, events }) =>
      stepsIn(elements).some(
        ({ condition, quantifier: { greedy, min, max } }) =>
          greedy &&
          max !== null &&
          max > min &&
          events.filter(({ letter }) => condition.letters.includes(letter)).length > max,
      ),
  },
  {
    name: 'greedy loop before an end',
    why: 'Where a greedy loop ends a group, or what follows may be missing, the event that the loop takes is held against the end of the match itself, which is not reached.',
    explains: ({ elements }) =>
      listsIn(elements).some((list) =>
        list.some((element, i) => {
          if (!element.quantifier.greedy) return false;
          const next = list[i + 1];
          return next === undefined ? list !== elements : mayBeMissing(next);
        }),
      ),
  },
  {
    name: 'negation behind times(a, b)',
    why: 'A notFollowedBy behind a loop with a limit sleeps once an event was passed over between two repetitions.',
    explains: ({ elements }) =>
      pairsIn(elements).some(
        ([{ quantifier }, next]) =>
          quantifier.max !== null &&
          quantifier.max > quantifier.min &&
          next.contiguity === 'notFollowedBy',
      ),
  },
  {
    name: 'negations in a row',
    why: 'Of two notFollowedBy in a row only the last counts at the end of a pattern, and only the first while a loop before them goes on.',
    explains: ({ elements }) =>
      listsIn(elements).some((list) =>
        list.some((element, i) => {
          const pair = [element, list[i + 1]].map((each) => each?.contiguity).join();
          if (pair !== 'notFollowedBy,notFollowedBy') return false;
          return i + 2 === list.length || list[i - 1]?.quantifier.max !== 1;
        }),
      ),
  },
  {
    name: 'notFollowedBy before notNext',
    why: 'A notFollowedBy right before a notNext is forgotten.',
    explains: ({ elements }) =>
      pairsIn(elements).some(
        ([{ contiguity }, next]) => contiguity === 'notFollowedBy' && next.contiguity === 'notNext',
      ),
  },
  {
    name: 'negation at the end of a group',
    why: 'A negation at the end of a group is forgotten, or takes the end of the group for the end of the pattern.',
    explains: ({ elements }) =>
      groupsIn(elements).some((list) => isNegative(list.at(-1) as CaseElement)),
  },
  {
    name: 'repeated head of a group',
    why: 'The repetitions of the first step of a group follow each other as those of the group do, whatever the step says.',
    explains: ({ elements }) =>
      elements.flatMap(withinGroups).some((element) => {
        if (!('elements' in element)) return false;
        const { max, inner } = (element.elements[0] as CaseElement).quantifier;
        return max !== 1 && inner !== element.quantifier.inner;
      }),
  },
  {
    name: 'optional head of a group',
    why: 'Where the first step of a group is left out, the second is entered as it says itself, not as the group says.',
    explains: ({ elements }) =>
      groupsIn(elements).some(([head]) => mayBeMissing(head as CaseElement)),
  },
  {
    name: 'group at the head of a group',
    why: 'A group that is the first of a group is entered strictly, whatever either says.',
    explains: ({ elements }) => groupsIn(elements).some(([head]) => 'elements' in (head as object)),
  },
  {
    name: 'next behind a group that repeats',
    why: 'Where a group may repeat with other events between, the step behind it is not strict either, whatever next or notNext says.',
    explains: ({ elements }) =>
      pairsIn(elements).some(([group, next]) => {
        const { min, max, inner } = group.quantifier;
        const isOpen = 'elements' in group && max !== min && inner !== 'consecutive';
        return isOpen && (next.contiguity === 'next' || next.contiguity === 'notNext');
      }),
  },
  {
    name: 'followedBy behind a group with combinations',
    why: 'A step behind a group that repeats with allowCombinations is waited for again after each event that it takes, as followedByAny; behind a single step that repeats so it is not.',
    explains: ({ elements }) =>
      pairsIn(elements).some(([group, next]) => {
        const { min, max, inner } = group.quantifier;
        const isOpen = 'elements' in group && max !== min && inner === 'combinations';
        return isOpen && next.contiguity === 'followedBy';
      }),
  },
  {
    name: 'until of a group',
    why: 'The until of a group also ends the wait for its first event, and the ways past it.',
    explains: (one) =>
      one.elements.flatMap(withinGroups).some((element) => {
        const { until } = element.quantifier;
        return 'elements' in element && until !== null && happens(one, until);
      }),
  },
];

function isNegative({ contiguity }: { readonly contiguity: string }): boolean {
  return contiguity.startsWith('not');
}

function mayBeMissing(element: CaseElement): boolean {
  if (element.quantifier.optional || isNegative(element)) return true;
  return 'elements' in element && element.elements.every(mayBeMissing);
}

/** An element and, where it is a group, all inside. */
function withinGroups(element: CaseElement): CaseElement[] {
  return 'elements' in element ? [element, ...element.elements.flatMap(withinGroups)] : [element];
}

function stepsIn(elements: readonly CaseElement[]): CaseStep[] {
  return elements
    .flatMap(withinGroups)
    .flatMap((element) => ('elements' in element ? [] : [element]));
}

/** What lies in each group. */
function groupsIn(elements: readonly CaseElement[]): (readonly CaseElement[])[] {
  return elements
    .flatMap(withinGroups)
    .flatMap((element) => ('elements' in element ? [element.elements] : []));
}

function listsIn(elements: readonly CaseElement[]): (readonly CaseElement[])[] {
  return [elements, ...groupsIn(elements)];
}

/** Neighbours in the pattern and in its groups. */
function pairsIn(elements: readonly CaseElement[]): (readonly [CaseElement, CaseElement])[] {
  return listsIn(elements).flatMap((list) =>
    list.slice(1).map((next, i) => [list[i] as CaseElement, next] as const),
  );
}

function happens({ events }: PatternCase, { letters }: CaseCondition): boolean {
  return events.some(({ letter }) => letters.includes(letter));
}

function meetsBoth({ events }: PatternCase, one: CaseCondition, other: CaseCondition): boolean {
  return events.some(
    ({ letter }) => one.letters.includes(letter) && other.letters.includes(letter),
  );
}
