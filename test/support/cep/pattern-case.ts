import type { SkipPlan } from '../../../src/projection/plan/pattern-element.ts';
import type { Random } from '../avro/random.ts';

/** One of some letters; with steps to look at, also a value not below any taken for them. */
export interface CaseCondition {
  readonly letters: string;
  readonly rises: readonly string[];
}

/** How often, as the declarations of both sides say it. */
export interface CaseQuantifier {
  readonly min: number;
  readonly max: number | null;
  readonly optional: boolean;
  readonly greedy: boolean;
  readonly inner: 'consecutive' | 'relaxed' | 'combinations';
  readonly until: CaseCondition | null;
}

/** A step. */
export interface CaseStep {
  readonly name: string;
  readonly contiguity: string;
  readonly condition: CaseCondition;
  readonly quantifier: CaseQuantifier;
}

interface CaseGroup {
  readonly contiguity: string;
  readonly elements: readonly CaseElement[];
  readonly quantifier: CaseQuantifier;
}

/** A step or a group. */
export type CaseElement = CaseStep | CaseGroup;

/** An event of the one key, in event-time order. */
export interface CaseEvent {
  readonly letter: string;
  readonly value: number;
  readonly timeMs: number;
}

/**
 * A pattern and what arrives, as CepOracle.java takes it; `arrivals` are the places of `events` in
 * the order in which they come.
 */
export interface PatternCase {
  readonly elements: readonly CaseElement[];
  readonly within: number | null;
  readonly withinSteps: number | null;
  readonly skip: SkipPlan;
  readonly events: readonly CaseEvent[];
  readonly endMs: number;
  readonly lateness: number;
  readonly arrivals: readonly number[];
}

const ONCE: CaseQuantifier = {
  min: 1,
  max: 1,
  optional: false,
  greedy: false,
  inner: 'relaxed',
  until: null,
};
const POSITIVE = ['next', 'followedBy', 'followedBy', 'followedByAny'];
const NEGATIVE = ['notNext', 'notFollowedBy', 'notFollowedBy'];
const EVENTS_LEAST = 4;
const EVENTS_MOST = 14;

/** A random pattern and input. */
export function randomCase(random: Random): PatternCase {
  const elements = namedRising(random, randomElements(random, 's', 0));
  const endsInAbsence = elements.at(-1)?.contiguity === 'notFollowedBy';
  const kind = random.below(endsInAbsence ? 3 : 6);
  const within = kind === 0 || kind === 2 || kind === 3 ? 2 + random.below(12) : null;
  const withinSteps = kind === 1 || kind === 2 ? 1 + random.below(Math.min(6, within ?? 6)) : null;
  const lateness = random.below(3) === 0 ? 1 + random.below(4) : 0;
  const events = randomEvents(random);
  return {
    elements,
    within,
    withinSteps,
    skip: randomSkip(random, elements),
    events,
    endMs: (events.at(-1)?.timeMs ?? 0) + random.below(14),
    lateness,
    arrivals: randomArrivals(random, events, lateness),
  };
}

/** The names of the steps of a pattern that take events. */
function takenNames(elements: readonly CaseElement[]): string[] {
  return elements.flatMap((element) => {
    if ('elements' in element) return takenNames(element.elements);
    return element.contiguity.startsWith('not') ? [] : [element.name];
  });
}

function randomElements(random: Random, name: string, depth: number): CaseElement[] {
  const count = depth === 0 ? 1 + random.below(4) : 1 + random.below(3);
  return Array.from({ length: count }, (_, i) => {
    const own = `${name}${i}`;
    const condition = { letters: randomLetters(random), rises: [] };
    if (i > 0 && random.below(5) === 0) {
      return { name: own, contiguity: random.pick(NEGATIVE), condition, quantifier: ONCE };
    }
    const contiguity = i === 0 ? 'followedBy' : random.pick(POSITIVE);
    if (depth < 2 && random.below(depth === 0 ? 6 : 12) === 0) {
      const elements = randomElements(random, own, depth + 1);
      return { contiguity, elements, quantifier: { ...randomQuantifier(random), greedy: false } };
    }
    return { name: own, contiguity, condition, quantifier: randomQuantifier(random) };
  });
}

function randomLetters(random: Random): string {
  const kind = random.below(12);
  if (kind === 0) return 'abcd';
  if (kind === 1) return random.pick(['ab', 'bc', 'cd', 'ad']);
  return random.pick(['a', 'b', 'c', 'd']);
}

function randomQuantifier(random: Random): CaseQuantifier {
  if (random.below(2) === 0) return { ...ONCE, optional: random.below(5) === 0 };
  const [min, max] = random.pick<readonly [number, number | null]>([
    [2, 2],
    [3, 3],
    [1, 2],
    [2, 3],
    [1, null],
    [1, null],
    [2, null],
  ]);
  const inner = random.pick(['relaxed', 'relaxed', 'consecutive', 'combinations'] as const);
  return {
    min,
    max,
    inner,
    optional: random.below(4) === 0,
    greedy: inner !== 'combinations' && random.below(3) === 0,
    until:
      max === null && random.below(3) === 0 ? { letters: randomLetters(random), rises: [] } : null,
  };
}

/** Some steps' conditions also look at what was taken so far. */
function namedRising(random: Random, elements: readonly CaseElement[]): CaseElement[] {
  const names = takenNames(elements);
  const rising = (each: CaseElement): CaseElement => {
    if ('elements' in each) return { ...each, elements: each.elements.map(rising) };
    if (each.contiguity.startsWith('not') || random.below(8) > 0) return each;
    return { ...each, condition: { ...each.condition, rises: names } };
  };
  return elements.map(rising);
}

function randomSkip(random: Random, elements: readonly CaseElement[]): SkipPlan {
  const kind = random.pick([
    'noSkip',
    'noSkip',
    'skipToNext',
    'skipPastLastEvent',
    'skipToFirst',
    'skipToLast',
  ] as const);
  if (kind !== 'skipToFirst' && kind !== 'skipToLast') return { kind };
  const names = takenNames(elements.filter((element) => !('elements' in element)));
  if (names.length === 0) return { kind: 'skipToNext' };
  return { kind, step: random.pick(names), throwOnMiss: random.below(6) === 0 };
}

function randomEvents(random: Random): CaseEvent[] {
  const count = EVENTS_LEAST + random.below(EVENTS_MOST - EVENTS_LEAST + 1);
  let timeMs = 0;
  return Array.from({ length: count }, () => {
    timeMs += random.below(3);
    return { letter: random.pick(['a', 'b', 'c', 'd', 'x']), value: random.below(4), timeMs };
  });
}

/**
 * Another order of arrival within the lateness; events of one time keep theirs, since it decides
 * between them.
 */
function randomArrivals(
  random: Random,
  events: readonly CaseEvent[],
  lateness: number,
): readonly number[] {
  const delayed = events.map(({ timeMs }, place) => ({ timeMs, place, at: timeMs }));
  const delays = new Map<number, number>();
  for (const each of delayed) {
    const delay = delays.get(each.timeMs) ?? random.below(lateness + 1);
    delays.set(each.timeMs, delay);
    each.at = each.timeMs + delay;
  }
  return delayed.sort((a, b) => a.at - b.at || a.place - b.place).map(({ place }) => place);
}
