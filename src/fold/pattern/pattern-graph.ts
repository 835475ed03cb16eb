import type { ConditionOfStep, PatternElement } from '../../projection/plan/pattern-element.ts';

/**
 * How the event of an edge must follow the one taken before: directly; the first that matches; any.
 */
export type Follows = 'strict' | 'first' | 'any';

/** What must not come before an edge is taken: in the very next event, or in any. */
export interface Forbidden {
  readonly only: 'next' | 'ever';
  readonly condition: number;
}

/** A way on from a state: the step whose event is taken, and under which conditions. */
export interface Edge {
  readonly step: string;
  /** Index in the graph's conditions. */
  readonly condition: number;
  readonly follows: Follows;
  readonly forbidden: readonly Forbidden[];
  /**
   * Greedy loops that are left, as edges of the same state: an event that one of them could take is
   * not for this edge, and ends it.
   */
  readonly greedy: readonly number[];
  /** What ends the loops that the edge is part of. */
  readonly until: readonly Until[];
  readonly to: number;
}

/**
 * A condition of `until`: an event that meets it is not taken; where the loop has begun, the edge
 * is gone from then on.
 */
export interface Until {
  readonly condition: number;
  readonly hasBegun: boolean;
}

/**
 * How a match may end in a state: what must not come then (trailing negations; none: it ends at
 * once), and the greedy loops that are left.
 */
export type Ending = Pick<Edge, 'forbidden' | 'greedy'>;

/** A state: the step just taken and how often each loop around it has run. */
export interface GraphState {
  readonly edges: readonly Edge[];
  /** Null: a match may not end here. */
  readonly end: Ending | null;
  /**
   * Conditions of what must not come behind a loop that has begun and is not complete: an event
   * that meets one ends the run.
   */
  readonly guards: readonly number[];
}

/** A pattern as states and edges; state 0 has taken nothing. Conditions are told by index. */
export interface PatternGraph {
  readonly states: readonly GraphState[];
  readonly conditions: readonly ConditionOfStep[];
  /** Steps that may have several events: their matches show lists. */
  readonly repeated: ReadonlySet<string>;
  readonly steps: readonly string[];
}

/**
 * Where a state stands: per level of groups, the element and its repetitions so far (counted up to
 * what matters).
 */
type Frames = readonly { readonly index: number; readonly count: number }[];

/** `begun`: how many of the frames' loops go on; the others begin with the edge. */
type Arrival = Omit<Edge, 'to' | 'until'> & { readonly frames: Frames; readonly begun: number };

/** What is found on the ways on from a state. */
interface Found {
  readonly arrivals: Arrival[];
  readonly guards: number[];
}

/** How elements are entered. */
interface Entry {
  /** What has been passed on the way. */
  readonly way: Ending;
  readonly found: Found;
  /** As the loop or group around says; null: as the element itself says. */
  readonly follows: Follows | null;
  readonly begun: number;
  /**
   * Depth of an optional group that is being entered: it is not passed from inside, since it is
   * passed as a whole; 0: none.
   */
  readonly stop: number;
}

/**
 * Builds the graph of a pattern: states are found from the first on, so only those that can be
 * reached exist.
 */
export function patternGraph(pattern: readonly PatternElement[]): PatternGraph {
  return new GraphBuilder(pattern).build();
}

class GraphBuilder {
  readonly #pattern: readonly PatternElement[];
  readonly #conditions: ConditionOfStep[] = [];
  readonly #states: GraphState[] = [];
  readonly #ids = new Map<string, number>();
  readonly #waiting: { readonly id: number; readonly frames: Frames }[] = [];

  constructor(pattern: readonly PatternElement[]) {
    this.#pattern = pattern;
  }

  build(): PatternGraph {
    const found: Found = { arrivals: [], guards: [] };
    const way: Ending = { forbidden: [], greedy: [] };
    this.#enterFrom(this.#pattern, 0, [], { way, found, follows: 'any', begun: 0, stop: 0 });
    this.#ids.set('', 0);
    const edges = found.arrivals.map((arrival) => this.#edgeOf(arrival));
    this.#states[0] = { edges, end: null, guards: [] };
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#states[next.id] = this.#stateOf(next.frames);
    }
    const repeated = new Set<string>();
    const steps: string[] = [];
    collectSteps(this.#pattern, false, { repeated, steps });
    return { states: this.#states, conditions: this.#conditions, repeated, steps };
  }

  #stateOf(frames: Frames): GraphState {
    const found: Found = { arrivals: [], guards: [] };
    const way: Ending = { forbidden: [], greedy: [] };
    const end = this.#continue(frames, { way, found, stop: 0 });
    const edges = found.arrivals.map((arrival) => this.#edgeOf(arrival));
    return { edges, end, guards: found.guards };
  }

  #edgeOf({ frames, begun, ...edge }: Arrival): Edge {
    const key = JSON.stringify(frames);
    let to = this.#ids.get(key);
    if (to === undefined) {
      to = this.#ids.size;
      this.#ids.set(key, to);
      this.#waiting.push({ id: to, frames });
    }
    return { ...edge, until: this.#untilsOf(frames, begun), to };
  }

  /**
   * The ways on after a repetition of the element that the frames end in. @returns how the pattern
   * may end here
   */
  #continue(
    frames: Frames,
    { way, found, stop }: Pick<Entry, 'way' | 'found' | 'stop'>,
  ): Ending | null {
    const outer = frames.slice(0, -1);
    const list = this.#listAt(outer);
    const { index, count } = frames.at(-1) as Frames[number];
    const element = list[index] as PatternElement;
    const { min, max, greedy, inner } = element.quantifier;
    const before = found.arrivals.length;
    if (max === null || count < max) {
      const follows =
        inner === 'consecutive' ? 'strict' : inner === 'combinations' ? 'any' : 'first';
      const again = { index, count: max === null ? Math.min(count + 1, min) : count + 1 };
      this.#enter(element, [...outer, again], {
        way,
        found,
        follows,
        begun: frames.length,
        stop,
      });
    }
    if (count < min) {
      found.guards.push(...this.#negationsBehind(frames));
      return null;
    }
    const passed = greedy ? { ...way, greedy: [...way.greedy, ...since(found, before)] } : way;
    return this.#enterFrom(list, index + 1, outer, {
      way: passed,
      found,
      follows: null,
      begun: outer.length,
      stop,
    });
  }

  /**
   * Enters the next element that takes an event, from `index` on; passes negations, and what may be
   * missing also without it.
   */
  #enterFrom(
    list: readonly PatternElement[],
    index: number,
    outer: Frames,
    entry: Entry,
  ): Ending | null {
    const { found, begun, stop } = entry;
    let { way } = entry;
    for (let i = index; i < list.length; i += 1) {
      const element = list[i] as PatternElement;
      const { contiguity, quantifier } = element;
      if (contiguity === 'notNext' || contiguity === 'notFollowedBy') {
        const only = contiguity === 'notNext' ? 'next' : 'ever';
        const condition = this.#conditionOf(element);
        way = { ...way, forbidden: [...way.forbidden, { only, condition }] };
        continue;
      }
      const own = contiguity === 'next' ? 'strict' : contiguity === 'followedBy' ? 'first' : 'any';
      const before = found.arrivals.length;
      const follows = entry.follows ?? own;
      const frames = [...outer, { index: i, count: 1 }];
      const end = this.#enter(element, frames, { way, found, follows, begun, stop });
      if (!quantifier.optional) return end;
      // A number that is fixed leaves a greedy loop no choice (as in Flink).
      if (quantifier.greedy && quantifier.max !== quantifier.min) {
        way = { ...way, greedy: [...way.greedy, ...since(found, before)] };
      }
    }
    if (outer.length === 0) return way;
    return outer.length === stop ? null : this.#continue(outer, { way, found, stop });
  }

  /**
   * @returns how the pattern may end where the element takes nothing, since all its steps are
   * optional; null: it takes something, or may be left out
   */
  #enter(element: PatternElement, frames: Frames, entry: Entry): Ending | null {
    const { way, found, begun } = entry;
    if (element.kind === 'step') {
      const condition = this.#conditionOf(element);
      const follows = entry.follows as Follows;
      found.arrivals.push({ step: element.name, condition, follows, ...way, frames, begun });
      return null;
    }
    const stop = element.quantifier.optional ? frames.length : entry.stop;
    return this.#enterFrom(element.elements, 0, frames, { ...entry, stop });
  }

  /** Conditions of the negations directly behind an element, behind the groups that it ends too. */
  #negationsBehind(frames: Frames): number[] {
    const outer = frames.slice(0, -1);
    const list = this.#listAt(outer);
    const behind = list.slice((frames.at(-1) as Frames[number]).index + 1);
    const other = behind.findIndex(({ contiguity }) => contiguity !== 'notFollowedBy');
    const negations = other < 0 ? behind : behind.slice(0, other);
    const own = negations.map((element) => this.#conditionOf(element));
    return other >= 0 || outer.length === 0 ? own : [...own, ...this.#negationsBehind(outer)];
  }

  /** What ends the loops that a step lies in: its own and those of the groups around it. */
  #untilsOf(frames: Frames, begun: number): Until[] {
    return frames.flatMap(({ index }, depth) => {
      const { until } = (this.#listAt(frames.slice(0, depth))[index] as PatternElement).quantifier;
      return until === null ? [] : [{ condition: this.#condition(until), hasBegun: depth < begun }];
    });
  }

  #listAt(outer: Frames): readonly PatternElement[] {
    let list = this.#pattern;
    for (const { index } of outer) {
      const element = list[index] as PatternElement;
      list = element.kind === 'group' ? element.elements : [];
    }
    return list;
  }

  #conditionOf(element: PatternElement): number {
    if (element.kind === 'step') return this.#condition(element.condition);
    throw new TypeError('a group has no condition of its own');
  }

  #condition(condition: ConditionOfStep): number {
    const known = this.#conditions.indexOf(condition);
    return known >= 0 ? known : this.#conditions.push(condition) - 1;
  }
}

/** The edges found since there were so many. */
function since({ arrivals }: Found, before: number): number[] {
  return arrivals.slice(before).map((_, i) => before + i);
}

function collectSteps(
  elements: readonly PatternElement[],
  isRepeated: boolean,
  into: { readonly repeated: Set<string>; readonly steps: string[] },
): void {
  for (const element of elements) {
    const { max } = element.quantifier;
    const repeats = isRepeated || max === null || max > 1;
    if (element.kind === 'group') collectSteps(element.elements, repeats, into);
    else if (!element.contiguity.startsWith('not')) {
      into.steps.push(element.name);
      if (repeats) into.repeated.add(element.name);
    }
  }
}
