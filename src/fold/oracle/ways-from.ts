import type { ConditionOfStep, PatternElement } from '../../projection/plan/pattern-element.ts';

/** An event that must not occur: as the very next event, or at all. */
export interface OracleForbidden {
  readonly only: 'next' | 'ever';
  readonly condition: ConditionOfStep;
}

/** One event that may come next: for a step at one position in the pattern. */
export interface Item {
  readonly step: string;
  readonly condition: ConditionOfStep;
  readonly follows: 'strict' | 'first' | 'any';
  readonly forbidden: readonly OracleForbidden[];
  /** Items of greedy loops that have been left. */
  readonly greedy: readonly Item[];
  /** Conditions that end the enclosing loops; begun: also the wait for the event. */
  readonly until: readonly { readonly condition: ConditionOfStep; readonly begun: boolean }[];
  readonly then: Place | null;
}

/** How a match may end at a position. */
export type OracleEnd = Pick<Item, 'forbidden' | 'greedy'>;

/** The items that may follow at a position in the pattern. */
export interface Ways {
  readonly items: readonly Item[];
  readonly end: OracleEnd | null;
  /** Conditions of events that must not follow an incomplete loop. */
  readonly guards: readonly ConditionOfStep[];
}

/**
 * A position in the pattern: before an element of a list, or after a number of repetitions of one;
 * `untils` of the enclosing loops.
 */
export type Place =
  | {
      readonly kind: 'before';
      readonly list: readonly PatternElement[];
      readonly i: number;
      readonly untils: readonly ConditionOfStep[];
      readonly then: Place | null;
    }
  | {
      readonly kind: 'after';
      readonly element: PatternElement;
      readonly n: number;
      readonly untils: readonly ConditionOfStep[];
      readonly then: Place | null;
    };

interface Carry extends OracleEnd {
  readonly follows: Item['follows'] | null;
  readonly begun: readonly ConditionOfStep[];
}

const starts = new WeakMap<readonly PatternElement[], Place>();
const known = new WeakMap<Place, Ways>();

/** Returns the position before a pattern. */
export function startOf(list: readonly PatternElement[]): Place {
  const start = starts.get(list) ?? { kind: 'before', list, i: 0, untils: [], then: null };
  starts.set(list, start);
  return start;
}

/** Returns what may follow at a position, with the pattern unrolled by one event. */
export function waysFrom(place: Place): Ways {
  const before = known.get(place);
  if (before !== undefined) return before;
  const walk = new Walk();
  known.set(place, walk);
  walk.on(place, {
    follows: place.kind === 'before' ? 'any' : null,
    forbidden: [],
    greedy: [],
    begun: [],
  });
  return walk;
}

class Walk implements Ways {
  readonly items: Item[] = [];
  readonly guards: ConditionOfStep[] = [];
  end: OracleEnd | null = null;
  /**
   * Ends of optional groups entered on this walk: reached without an event, they equal leaving the
   * group out.
   */
  readonly #entered = new Set<Place>();

  on(place: Place | null, carry: Carry): void {
    if (place === null) this.end = carry;
    else if (place.kind === 'after') this.#after(place, carry);
    else this.#before(place, carry);
  }

  #before(place: Extract<Place, { kind: 'before' }>, carry: Carry): void {
    const { list, i, untils, then } = place;
    const element = list[i];
    if (element === undefined) {
      this.on(then, { ...carry, follows: null });
      return;
    }
    const rest = { ...place, i: i + 1 };
    const { contiguity, quantifier } = element;
    if (element.kind === 'step' && contiguity.startsWith('not')) {
      const only = contiguity === 'notNext' ? 'next' : 'ever';
      const forbidden = [...carry.forbidden, { only, condition: element.condition } as const];
      this.on(rest, { ...carry, forbidden });
      return;
    }
    const own = contiguity === 'next' ? 'strict' : contiguity === 'followedBy' ? 'first' : 'any';
    const taken = this.#repeat(
      { kind: 'after', element, n: 1, untils, then: rest },
      { ...carry, follows: carry.follows ?? own },
    );
    if (!quantifier.optional) return;
    const chooses = quantifier.greedy && quantifier.min !== quantifier.max;
    this.on(rest, chooses ? { ...carry, greedy: [...carry.greedy, ...taken] } : carry);
  }

  #after(place: Extract<Place, { kind: 'after' }>, carry: Carry): void {
    if (this.#entered.has(place)) return;
    const { element, n, untils, then } = place;
    const { min, max, greedy, inner, until } = element.quantifier;
    const follows = inner === 'consecutive' ? 'strict' : inner === 'combinations' ? 'any' : 'first';
    const begun = until === null ? untils : [...untils, until];
    const again =
      max === null || n < max
        ? this.#repeat({ ...place, n: n + 1 }, { ...carry, follows, begun })
        : [];
    if (n < min) this.guards.push(...negationsAt(then));
    else {
      const left = greedy ? [...carry.greedy, ...again] : carry.greedy;
      this.on(then, { ...carry, greedy: left, follows: null, begun: untils });
    }
  }

  /** Adds one repetition, followed by `place`. @returns the items that it starts with */
  #repeat(place: Extract<Place, { kind: 'after' }>, carry: Carry): Item[] {
    const { element } = place;
    const { until, optional } = element.quantifier;
    const untils = until === null ? place.untils : [...place.untils, until];
    const from = this.items.length;
    if (element.kind === 'group') {
      if (optional) this.#entered.add(place);
      this.on({ kind: 'before', list: element.elements, i: 0, untils, then: place }, carry);
    } else {
      this.items.push({
        step: element.name,
        condition: element.condition,
        follows: carry.follows ?? 'first',
        forbidden: carry.forbidden,
        greedy: carry.greedy,
        until: untils.map((condition) => ({ condition, begun: carry.begun.includes(condition) })),
        then: place,
      });
    }
    return this.items.slice(from);
  }
}

/** Returns the `notFollowedBy` elements directly after a position. */
function negationsAt(place: Place | null): ConditionOfStep[] {
  if (place === null) return [];
  if (place.kind === 'after') return negationsAt(place.then);
  const { list, i, then } = place;
  const element = list[i];
  if (element === undefined) return negationsAt(then);
  if (element.kind === 'group' || element.contiguity !== 'notFollowedBy') return [];
  return [element.condition, ...negationsAt({ ...place, i: i + 1 })];
}
