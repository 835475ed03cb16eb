import type { ConditionOfStep, PatternElement } from '../../projection/plan/pattern-element.ts';

/**
 * How the event of an edge must follow the one taken before: directly; the first that matches; any.
 */
export type Follows = 'strict' | 'first' | 'any';

/** An event that must not occur before an edge is taken: as the very next event, or at all. */
export interface Forbidden {
  readonly only: 'next' | 'ever';
  readonly condition: number;
}

/** An edge from a state: the step whose event is taken, and its conditions. */
export interface Edge {
  readonly step: string;
  /** Index in the graph's conditions. */
  readonly condition: number;
  readonly follows: Follows;
  readonly forbidden: readonly Forbidden[];
  /**
   * Greedy loops that the edge leaves, as edges of the same state: an event that one of them could
   * take is not for this edge, and closes it.
   */
  readonly greedy: readonly number[];
  /** Conditions that end the loops containing the edge. */
  readonly until: readonly Until[];
  readonly to: number;
}

/**
 * A condition of `until`: an event that meets it is not taken; if the loop has started, it closes
 * the edge.
 */
export interface Until {
  readonly condition: number;
  readonly hasBegun: boolean;
}

/**
 * How a match may end in a state: events that must not follow (trailing negations; none: it ends at
 * once), and the greedy loops that have been left.
 */
export type Ending = Pick<Edge, 'forbidden' | 'greedy'>;

/** A state: the last step taken and the number of repetitions of each enclosing loop. */
export interface GraphState {
  readonly edges: readonly Edge[];
  /** How a match may end in this state; null: it cannot. */
  readonly end: Ending | null;
  /**
   * Conditions of events that must not follow a loop that has started and is incomplete: an event
   * that meets one ends the run.
   */
  readonly guards: readonly number[];
}

/**
 * A pattern as states and edges; state 0 has taken nothing. Conditions are referred to by index.
 */
export interface PatternGraph {
  readonly states: readonly GraphState[];
  readonly conditions: readonly ConditionOfStep[];
  /** Steps that may have several events: matches show them as lists. */
  readonly repeated: ReadonlySet<string>;
  readonly steps: readonly string[];
}

/**
 * The position of a state: per level of groups, the element and its number of repetitions (counted
 * up to the relevant limit).
 */
type Frames = readonly { readonly index: number; readonly count: number }[];

/** `begun`: how many of the frames' loops continue; the others start with the edge. */
type Arrival = Omit<Edge, 'to' | 'until'> & { readonly frames: Frames; readonly begun: number };

/** What is found on the paths from a state. */
interface Found {
  readonly arrivals: Arrival[];
  readonly guards: number[];
}

/** How elements are entered. */
interface Entry {
  /** What has been passed on the path. */
  readonly way: Ending;
  readonly found: Found;
  /** The contiguity of the enclosing loop or group; null: the element's own. */
  readonly follows: Follows | null;
  readonly begun: number;
  /**
   * Depth of an optional group that is being entered: it is not skipped from inside, since it is
   * skipped as a whole; 0: none.
   */
  readonly stop: number;
}

/** Builds the graph of a pattern from the first state on, so that only reachable states exist. */
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
   * Adds the paths after a repetition of the element that the frames end in. @returns how the
   * pattern may end here
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
   * Enters the next element that takes an event, from `index` on; passes negations, and optional
   * elements in both ways.
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
      // A fixed number of repetitions leaves a greedy loop no choice (as in Flink).
      if (quantifier.greedy && quantifier.max !== quantifier.min) {
        way = { ...way, greedy: [...way.greedy, ...since(found, before)] };
      }
    }
    if (outer.length === 0) return way;
    return outer.length === stop ? null : this.#continue(outer, { way, found, stop });
  }

  /**
   * @returns how the pattern may end if the element takes nothing, because all its steps are
   * optional; null: it takes an event, or is optional itself
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

  /**
   * Returns the conditions of the negations directly after an element, including those after the
   * groups that it ends.
   */
  #negationsBehind(frames: Frames): number[] {
    const outer = frames.slice(0, -1);
    const list = this.#listAt(outer);
    const behind = list.slice((frames.at(-1) as Frames[number]).index + 1);
    const other = behind.findIndex(({ contiguity }) => contiguity !== 'notFollowedBy');
    const negations = other < 0 ? behind : behind.slice(0, other);
    const own = negations.map((element) => this.#conditionOf(element));
    return other >= 0 || outer.length === 0 ? own : [...own, ...this.#negationsBehind(outer)];
  }

  /**
   * Returns the conditions that end the loops containing a step: its own and those of enclosing
   * groups.
   */
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

/** Returns the edges added after the first `before`. */
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
