import type { ConditionOfStep, PatternElement, SkipPlan } from '../projection/pattern-plan.ts';

/** An event of the oracle: index is its place. */
export interface OracleEvent {
  readonly timeMs: number;
  readonly value: unknown;
}

/** A pattern with its rules. */
export interface OraclePattern {
  readonly elements: readonly PatternElement[];
  readonly withinMs: number | null;
  readonly withinStepsMs: number | null;
  readonly skip: SkipPlan;
}

/** Whether an event meets a condition, given the events taken so far by step. */
export type Meets = (
  condition: ConditionOfStep,
  event: OracleEvent,
  soFar: Readonly<Record<string, unknown>>,
) => boolean;

interface Forbidden {
  readonly only: 'next' | 'ever';
  readonly condition: ConditionOfStep;
}

/** One event of a word: a step at one place of the unrolled pattern. */
interface Item {
  readonly id: string;
  readonly step: string;
  readonly condition: ConditionOfStep;
  readonly follows: 'strict' | 'first' | 'any';
  readonly forbidden: readonly Forbidden[];
  readonly greedy: readonly ConditionOfStep[];
  readonly until: readonly ConditionOfStep[];
}

interface Carry {
  readonly follows: Item['follows'] | null;
  readonly forbidden: readonly Forbidden[];
  readonly greedy: readonly ConditionOfStep[];
}

/** A way to unroll the pattern. `tail`: negations at its end; null: cut off by the budget. */
interface Word {
  readonly items: readonly Item[];
  readonly tail: Carry | null;
}

/** The unrolled pattern as a tree: what may come after what. */
interface Node {
  readonly next: Map<string, { readonly item: Item; readonly node: Node }>;
  readonly ends: (readonly Forbidden[])[];
}

/** A match: positions by step in order, and when it was certain. */
export interface OracleMatch {
  readonly taken: readonly { readonly step: string; readonly at: number }[];
  readonly matchedAtMs: number;
}

interface Found extends OracleMatch {
  /** Events seen when it was certain, and the instant. */
  readonly moment: number;
  readonly certainMs: number;
}

/** Unrolls a pattern into all words that could be of use with so many events. */
export function unroll(elements: readonly PatternElement[], events: number): Node {
  const root: Node = { next: new Map(), ends: [] };
  const start: Carry = { follows: 'any', forbidden: [], greedy: [] };
  for (const { items, tail } of sequence(elements, 0, {
    carry: start,
    path: '',
    loops: [],
    budget: events + 1,
  })) {
    let node = root;
    for (const item of items) {
      const known = node.next.get(item.id) ?? { item, node: { next: new Map(), ends: [] } };
      node.next.set(item.id, known);
      node = known.node;
    }
    if (tail !== null) node.ends.push(tail.forbidden);
  }
  return root;
}

interface At {
  readonly carry: Carry;
  readonly path: string;
  /** Conditions that end the loops around. */
  readonly loops: readonly ConditionOfStep[];
  readonly budget: number;
}

function* sequence(list: readonly PatternElement[], i: number, at: At): Iterable<Word> {
  const { carry, path, budget } = at;
  const element = list[i];
  if (element === undefined) {
    yield { items: [], tail: carry };
    return;
  }
  const { contiguity } = element;
  if (contiguity === 'notNext' || contiguity === 'notFollowedBy') {
    const condition =
      element.kind === 'step' ? element.condition : { source: null, where: [], iterative: [] };
    const negation: Forbidden = { only: contiguity === 'notNext' ? 'next' : 'ever', condition };
    yield* sequence(list, i + 1, {
      ...at,
      carry: { ...carry, forbidden: [...carry.forbidden, negation] },
    });
    return;
  }
  const own = contiguity === 'next' ? 'strict' : contiguity === 'followedBy' ? 'first' : 'any';
  const entry: Carry = { ...carry, follows: carry.follows ?? own };
  for (const word of repetitions(element, 1, { ...at, carry: entry, path: `${path}/${i}` })) {
    if (word.tail === null) {
      yield word;
      continue;
    }
    const rest = {
      ...at,
      carry: { ...word.tail, follows: null },
      budget: budget - word.items.length,
    };
    for (const { items, tail } of sequence(list, i + 1, rest)) {
      yield { items: [...word.items, ...items], tail };
    }
  }
  if (element.quantifier.optional) yield* sequence(list, i + 1, at);
}

/** The element taken from its `n`-th time on, as often as it may. */
function* repetitions(element: PatternElement, n: number, at: At): Iterable<Word> {
  const { path, budget } = at;
  const { min, max, greedy, inner, until } = element.quantifier;
  if (budget <= 0) {
    yield { items: [], tail: null };
    return;
  }
  const loops = until === null ? at.loops : [...at.loops, until];
  for (const word of once(element, { ...at, loops, path: `${path}#${n}` })) {
    if (word.tail === null) {
      yield word;
      continue;
    }
    const left = budget - word.items.length;
    const mayRepeat = max === null || n < max;
    if (n >= min) {
      const more = greedy && mayRepeat ? firstConditions(element) : [];
      yield { items: word.items, tail: { ...word.tail, greedy: [...word.tail.greedy, ...more] } };
    }
    if (!mayRepeat) continue;
    const follows = inner === 'consecutive' ? 'strict' : inner === 'combinations' ? 'any' : 'first';
    const again = { ...at, carry: { ...word.tail, follows } as Carry, budget: left };
    for (const { items, tail } of repetitions(element, n + 1, again)) {
      yield { items: [...word.items, ...items], tail };
    }
  }
}

function* once(element: PatternElement, at: At): Iterable<Word> {
  const none: Carry = { follows: null, forbidden: [], greedy: [] };
  if (element.kind === 'step') {
    const { follows, forbidden, greedy } = at.carry;
    const item: Item = {
      id: at.path,
      step: element.name,
      condition: element.condition,
      follows: follows ?? 'first',
      forbidden,
      greedy,
      until: at.loops,
    };
    yield { items: [item], tail: none };
    return;
  }
  yield* sequence(element.elements, 0, at);
}

function firstConditions(element: PatternElement): ConditionOfStep[] {
  if (element.kind === 'step') return [element.condition];
  const found: ConditionOfStep[] = [];
  for (const each of element.elements) {
    found.push(...firstConditions(each));
    if (!each.quantifier.optional) break;
  }
  return found;
}

/** A prefix of a match: items of the unrolled pattern and the events they take. */
type Prefix = readonly { readonly item: Item; readonly at: number }[];
type Holds = (condition: ConditionOfStep, i: number) => boolean;

/** What an enumeration works on. `endMs`: how far time has passed after the last event. */
export interface Enumeration {
  readonly pattern: OraclePattern;
  readonly tree: Node;
  readonly events: readonly OracleEvent[];
  readonly endMs: number;
  readonly meets: Meets;
  readonly repeated: ReadonlySet<string>;
}

/** All matches of a pattern in events, by trying every subsequence against the unrolled pattern: slow, and plain. */
export function enumerateMatches(of: Enumeration): readonly OracleMatch[] {
  return new Enumerator(of).all();
}

class Enumerator {
  readonly #of: Enumeration;
  readonly #found = new Map<string, Found>();

  constructor(of: Enumeration) {
    this.#of = of;
  }

  all(): readonly OracleMatch[] {
    this.#extend(this.#of.tree, []);
    return afterSkips(this.#of.pattern.skip, [...this.#found.values()]);
  }

  /** Tries every event after a prefix for every item that may come next. */
  #extend(node: Node, taken: Prefix): void {
    const { events, meets } = this.#of;
    const soFar = this.#soFarOf(taken);
    const last = taken.at(-1)?.at ?? -1;
    const holds: Holds = (condition, i) => meets(condition, events[i] as OracleEvent, soFar);
    for (const tail of node.ends) this.#complete(taken, tail, holds);
    for (const { item, node: next } of node.next.values()) {
      for (let i = last + 1; i < events.length; i += 1) {
        if (taken.length > 0 && (isKilledAt(node, { i, last, holds }) || this.#isOverAt(taken, i)))
          break;
        if (item.until.some((condition) => holds(condition, i))) {
          if (taken.length > 0) break;
          continue;
        }
        if (item.greedy.some((condition) => holds(condition, i))) break;
        const isTaken = holds(item.condition, i);
        if (isTaken) this.#extend(next, [...taken, { item, at: i }]);
        if (taken.length === 0) continue;
        if (item.follows === 'strict' || (item.follows === 'first' && isTaken)) break;
      }
    }
  }

  /** The prefix is a match, unless what must not come at its end comes. */
  #complete(taken: Prefix, tail: readonly Forbidden[], holds: Holds): void {
    const { events, endMs } = this.#of;
    const last = taken.at(-1)?.at as number;
    const lastMs = (events[last] as OracleEvent).timeMs;
    if (tail.length === 0) {
      this.#keep(taken, { matchedAtMs: lastMs, moment: last, certainMs: lastMs });
      return;
    }
    const deadline = this.#deadlineOf(taken);
    const atDeadline = {
      matchedAtMs: deadline,
      moment: this.#countBefore(deadline),
      certainMs: deadline,
    };
    const inTime = events
      .map((_, i) => i)
      .filter((i) => i > last && (events[i] as OracleEvent).timeMs < deadline);
    const [next] = inTime;
    if (tail.every(({ only }) => only === 'next') && next !== undefined) {
      const nextMs = (events[next] as OracleEvent).timeMs;
      if (tail.some(({ condition }) => holds(condition, next)) || nextMs > endMs) return;
      this.#keep(taken, { matchedAtMs: lastMs, moment: next, certainMs: nextMs });
      return;
    }
    const isKilled = inTime.some((i) =>
      tail.some(
        ({ only, condition }) => (only === 'ever' || i === last + 1) && holds(condition, i),
      ),
    );
    if (!isKilled && deadline <= endMs) this.#keep(taken, atDeadline);
  }

  /** The same events for the same steps, found by several ways, are one match: the one that was certain first. */
  #keep(taken: Prefix, when: Pick<Found, 'matchedAtMs' | 'moment' | 'certainMs'>): void {
    const positions = taken.map(({ item, at }) => ({ step: item.step, at }));
    const name = positions.map(({ step, at }) => `${step} ${at}`).join();
    const before = this.#found.get(name);
    if (before === undefined || when.certainMs < before.certainMs) {
      this.#found.set(name, { taken: positions, ...when });
    }
  }

  #isOverAt(taken: Prefix, i: number): boolean {
    return (this.#of.events[i] as OracleEvent).timeMs >= this.#deadlineOf(taken);
  }

  /** The index of the last event before an instant, and a half: deadlines come before events of the same time. */
  #countBefore(ms: number): number {
    return this.#of.events.filter(({ timeMs }) => timeMs < ms).length - 0.5;
  }

  #deadlineOf(taken: Prefix): number {
    const { pattern, events } = this.#of;
    const { withinMs, withinStepsMs } = pattern;
    const firstMs = (events[taken[0]?.at as number] as OracleEvent).timeMs;
    const lastMs = (events[taken.at(-1)?.at as number] as OracleEvent).timeMs;
    return Math.min(
      withinMs === null ? Number.POSITIVE_INFINITY : firstMs + withinMs,
      withinStepsMs === null ? Number.POSITIVE_INFINITY : lastMs + withinStepsMs,
    );
  }

  #soFarOf(taken: Prefix): Readonly<Record<string, unknown>> {
    const { events, repeated } = this.#of;
    const soFar: Record<string, unknown> = {};
    if (taken.length > 0) for (const step of repeated) soFar[step] = [];
    for (const { item, at } of taken) {
      const { value } = events[at] as OracleEvent;
      if (repeated.has(item.step)) (soFar[item.step] as unknown[]).push(value);
      else soFar[item.step] = value;
    }
    return soFar;
  }
}

/** Whether event `i` is one that must not come while the pattern could go past a negation. */
function isKilledAt(
  node: Node,
  { i, last, holds }: { readonly i: number; readonly last: number; readonly holds: Holds },
): boolean {
  const kills = ({ only, condition }: Forbidden) =>
    (only === 'ever' || i === last + 1) && holds(condition, i);
  const byEdge = [...node.next.values()].some(
    ({ item }) =>
      !item.greedy.some((condition) => holds(condition, i)) && item.forbidden.some(kills),
  );
  return byEdge || node.ends.some((tail) => tail.some(kills));
}

/** Applies the skip strategy to matches in the order in which they became certain. */
function afterSkips(skip: SkipPlan, found: readonly Found[]): OracleMatch[] {
  const sorted = [...found].sort(
    (a, b) => a.moment - b.moment || a.certainMs - b.certainMs || comparePositions(a, b),
  );
  const kept: OracleMatch[] = [];
  const drops: { readonly moment: number; readonly covers: (start: number) => boolean }[] = [];
  for (const match of sorted) {
    const start = match.taken[0]?.at as number;
    if (drops.some(({ moment, covers }) => start <= moment && covers(start))) continue;
    const { taken, matchedAtMs } = match;
    kept.push({ taken, matchedAtMs });
    const covers = dropped(skip, match);
    if (covers !== null) drops.push({ moment: match.moment, covers });
  }
  return kept;
}

function dropped(skip: SkipPlan, { taken }: OracleMatch): ((start: number) => boolean) | null {
  const start = taken[0]?.at as number;
  const last = taken.at(-1)?.at as number;
  switch (skip.kind) {
    case 'noSkip':
      return null;
    case 'skipToNext':
      return (other) => other === start;
    case 'skipPastLastEvent':
      return (other) => other <= last;
    default: {
      const places = taken.filter(({ step }) => step === skip.step).map(({ at }) => at);
      const to = skip.kind === 'skipToFirst' ? places[0] : places.at(-1);
      return to === undefined ? null : (other) => other < to;
    }
  }
}

function comparePositions(a: OracleMatch, b: OracleMatch): number {
  for (const [i, { at }] of a.taken.entries()) {
    const other = b.taken[i]?.at;
    if (other === undefined) return 1;
    if (at !== other) return at - other;
  }
  if (a.taken.length !== b.taken.length) return a.taken.length - b.taken.length;
  const [x, y] = [a, b].map(({ taken }) => taken.map(({ step }) => step).join()) as [
    string,
    string,
  ];
  return x < y ? -1 : x > y ? 1 : 0;
}
