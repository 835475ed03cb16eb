import type {
  ConditionOfStep,
  PatternElement,
  SkipPlan,
} from '../../projection/plan/pattern-element.ts';
import type { Found, Instant, OpenPartial, OracleMatch } from './after-skips.ts';
import { afterSkips, NEVER } from './after-skips.ts';
import type { Item, OracleEnd, OracleForbidden, Place, Ways } from './ways-from.ts';
import { startOf, waysFrom } from './ways-from.ts';

/** An event of the oracle, with its index. */
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

/** True if an event meets a condition, given the events taken so far by step. */
export type Meets = (
  condition: ConditionOfStep,
  event: OracleEvent,
  soFar: Readonly<Record<string, unknown>>,
) => boolean;

/** A prefix of a match: items of the unrolled pattern and the events they take. */
type Prefix = readonly { readonly item: Item; readonly at: number }[];

/** A prefix, the items that may follow, and how its conditions see events. */
interface Stand {
  readonly taken: Prefix;
  readonly ways: Ways;
  readonly last: number;
  readonly holds: (condition: ConditionOfStep, i: number) => boolean;
  /** Only events before this index may count. */
  readonly limit: number;
}

/** The input of an enumeration. `endMs`: the time reached after the last event. */
export interface Enumeration {
  readonly pattern: OraclePattern;
  readonly events: readonly OracleEvent[];
  readonly endMs: number;
  readonly meets: Meets;
  readonly repeated: ReadonlySet<string>;
}

/**
 * Returns all matches of a pattern in events, by trying every subsequence against the unrolled
 * pattern: slow, but simple.
 */
export function enumerateMatches(of: Enumeration): readonly OracleMatch[] {
  return new Enumerator(of).all();
}

class Enumerator {
  readonly #of: Enumeration;
  readonly #found = new Map<string, Found>();
  readonly #open: OpenPartial[] = [];

  constructor(of: Enumeration) {
    this.#of = of;
  }

  all(): readonly OracleMatch[] {
    const { elements, skip } = this.#of.pattern;
    this.#extend(startOf(elements), []);
    return afterSkips(skip, [...this.#found.values()], this.#open);
  }

  /** Tries every event after a prefix for every item that may come next. */
  #extend(place: Place, taken: Prefix): void {
    const { events, meets } = this.#of;
    const soFar = this.#soFarOf(taken);
    const last = taken.at(-1)?.at ?? -1;
    const stand: Stand = {
      taken,
      ways: waysFrom(place),
      last,
      holds: (condition, i) => meets(condition, events[i] as OracleEvent, soFar),
      limit: taken.length === 0 ? events.length : this.#countBefore(this.#deadlineOf(taken)),
    };
    const killed = taken.length === 0 ? null : firstFrom(stand, (i) => isKilledAt(stand, i));
    const closes = stand.ways.items.map((item) => this.#try(item, stand, killed ?? stand.limit));
    if (taken.length === 0) return;
    const waits = this.#complete(stand, killed);
    this.#keepOpen(stand, killed, [...closes, waits]);
  }

  /**
   * Tries every event before `until` for an item. @returns the event that closes the item; null: it
   * stays open
   */
  #try(item: Item, stand: Stand, until: number): number | null {
    const { taken, last, holds } = stand;
    const isStart = taken.length === 0;
    for (let i = last + 1; i < until; i += 1) {
      const isUntil = item.until.some(({ condition }) => holds(condition, i));
      if (item.until.some(({ condition, begun }) => begun && holds(condition, i))) return i;
      const isLoops = isGreedyAt(item, stand, i);
      if (isLoops && !isStart) return i;
      const isTaken = !isLoops && !isUntil && holds(item.condition, i);
      if (isTaken) this.#extend(item.then as Place, [...taken, { item, at: i }]);
      if (isStart) continue;
      if (item.follows === 'strict' || (item.follows === 'first' && isTaken)) return i;
    }
    return null;
  }

  /**
   * Adds the prefix as a match, unless a forbidden event follows. @returns the event that ends the
   * wait for a forbidden event; null: it still waits
   */
  #complete(stand: Stand, killed: number | null): number | null {
    const { taken, ways, last, limit } = stand;
    const { end } = ways;
    if (end === null) return last;
    const lastMs = this.#timeOf(last);
    if (end.forbidden.length === 0) {
      this.#keep(taken, { matchedAtMs: lastMs, moment: last, ms: lastMs });
      return last;
    }
    const left = firstFrom(stand, (i) => isGreedyAt(end, stand, i));
    const stop = Math.min(killed ?? limit, left ?? limit);
    if (end.forbidden.every(({ only }) => only === 'next') && last + 1 < limit) {
      if (stop > last + 1) {
        const ms = this.#timeOf(last + 1);
        this.#keep(taken, { matchedAtMs: lastMs, moment: last + 1, ms });
      }
      return last + 1;
    }
    const deadline = this.#deadlineOf(taken);
    if (stop === limit && deadline <= this.#of.endMs) {
      this.#keep(taken, { matchedAtMs: deadline, moment: limit - 0.5, ms: deadline });
    }
    return left;
  }

  /** Keeps the prefix open until it is killed, everything is closed, or its time is over. */
  #keepOpen(stand: Stand, killed: number | null, closes: readonly (number | null)[]): void {
    const { taken, last, limit } = stand;
    const start = taken[0]?.at as number;
    const from = { moment: last, ms: this.#timeOf(last) };
    const closed = closes.includes(null) ? null : Math.max(...(closes as readonly number[]));
    const ends = [killed, closed].filter((i): i is number => i !== null);
    const deadline = this.#deadlineOf(taken);
    const over = deadline <= this.#of.endMs ? { moment: limit - 0.5, ms: deadline } : NEVER;
    const first = Math.min(...ends);
    const to = ends.length === 0 ? over : { moment: first, ms: this.#timeOf(first) };
    this.#open.push({ start, from, to });
  }

  /**
   * Adds a match. The same events for the same steps, found in several ways, are one match: the one
   * that was certain first.
   */
  #keep(taken: Prefix, { matchedAtMs, moment, ms }: Instant & { readonly matchedAtMs: number }) {
    const positions = taken.map(({ item, at }) => ({ step: item.step, at }));
    const name = positions.map(({ step, at }) => `${step} ${at}`).join();
    const before = this.#found.get(name);
    if (before === undefined || ms < before.ms) {
      this.#found.set(name, { taken: positions, matchedAtMs, moment, ms });
    }
  }

  #timeOf(i: number): number {
    return (this.#of.events[i] as OracleEvent).timeMs;
  }

  #countBefore(ms: number): number {
    return this.#of.events.filter(({ timeMs }) => timeMs < ms).length;
  }

  #deadlineOf(taken: Prefix): number {
    const { withinMs, withinStepsMs } = this.#of.pattern;
    const firstMs = this.#timeOf(taken[0]?.at as number);
    const lastMs = this.#timeOf(taken.at(-1)?.at as number);
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

/** Returns the first event after a prefix, within its time, that satisfies `isTrue`. */
function firstFrom({ last, limit }: Stand, isTrue: (i: number) => boolean): number | null {
  for (let i = last + 1; i < limit; i += 1) if (isTrue(i)) return i;
  return null;
}

/** True if event `i` is forbidden while the pattern could proceed past a negation. */
function isKilledAt(stand: Stand, i: number): boolean {
  const { ways, last, holds } = stand;
  const { items, end, guards } = ways;
  const kills =
    (way: OracleEnd) =>
    ({ only, condition }: OracleForbidden) =>
      (only === 'ever' || (i === last + 1 && !isGreedyAt(way, stand, i))) && holds(condition, i);
  if (guards.some((condition) => holds(condition, i))) return true;
  if (items.some((item) => item.forbidden.some(kills(item)))) return true;
  if (end === null || !end.forbidden.some(kills(end))) return false;
  // It stops waiting for the end once a greedy loop had its event, or if only the next event was
  // forbidden.
  const left = firstFrom({ ...stand, limit: i }, (j) => isGreedyAt(end, stand, j));
  return left === null;
}

/**
 * True if a greedy loop that has been left could take event `i`: it meets its condition, and no
 * `until` has ended the loop.
 */
function isGreedyAt({ greedy }: OracleEnd, { last, holds }: Stand, i: number): boolean {
  return greedy.some(({ condition, until, follows }) => {
    const isUntil = (j: number) => until.some((each) => holds(each.condition, j));
    const ends = (j: number) =>
      until.some((each) => each.begun && holds(each.condition, j)) ||
      (follows === 'strict' && j === last + 1 && isUntil(j));
    for (let j = last + 1; j < i; j += 1) if (ends(j)) return false;
    return holds(condition, i) && !isUntil(i);
  });
}
