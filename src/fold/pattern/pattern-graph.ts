import type { ConditionOfStep, PatternElement } from '../../projection/pattern-plan.ts';

/** How the event of an edge must follow the one taken before: directly; the first that matches; any. */
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
  /** Greedy loops that are left: an event that one of these takes is not for this edge, and ends it. */
  readonly greedy: readonly number[];
  /** Conditions of `until`: from an event that meets one on, the edge is gone. */
  readonly until: readonly number[];
  readonly to: number;
}

/** A state: the step just taken and how often each loop around it has run. */
export interface GraphState {
  readonly edges: readonly Edge[];
  /** How a match may end here: null, it may not; else what must not come (trailing negations), empty: at once. */
  readonly accepts: readonly Forbidden[] | null;
}

/** A pattern as states and edges; state 0 has taken nothing. Conditions are told by index. */
export interface PatternGraph {
  readonly states: readonly GraphState[];
  readonly conditions: readonly ConditionOfStep[];
  /** Steps that may have several events: their matches show lists. */
  readonly repeated: ReadonlySet<string>;
  readonly steps: readonly string[];
}

/** Where a state stands: per level of groups, the element and its repetitions so far (counted up to what matters). */
type Frames = readonly { readonly index: number; readonly count: number }[];

/** What has been passed on the way to an edge. */
interface Way {
  readonly forbidden: readonly Forbidden[];
  readonly greedy: readonly number[];
}

type Arrival = Omit<Edge, 'to' | 'until'> & { readonly frames: Frames };

/** Builds the graph of a pattern: states are found from the first on, so only those that can be reached exist. */
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
    const start: Arrival[] = [];
    this.#enterFrom(this.#pattern, 0, [], {
      way: { forbidden: [], greedy: [] },
      out: start,
      follows: 'any',
    });
    this.#ids.set('', 0);
    this.#states[0] = { edges: start.map((arrival) => this.#edgeOf(arrival)), accepts: null };
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#states[next.id] = this.#stateOf(next.frames);
    }
    const repeated = new Set<string>();
    const steps: string[] = [];
    collectSteps(this.#pattern, false, { repeated, steps });
    return { states: this.#states, conditions: this.#conditions, repeated, steps };
  }

  #stateOf(frames: Frames): GraphState {
    const out: Arrival[] = [];
    const accepts = this.#continue(frames, { forbidden: [], greedy: [] }, out);
    return { edges: out.map((arrival) => this.#edgeOf(arrival)), accepts };
  }

  #edgeOf({ frames, ...edge }: Arrival): Edge {
    const key = JSON.stringify(frames);
    let to = this.#ids.get(key);
    if (to === undefined) {
      to = this.#ids.size;
      this.#ids.set(key, to);
      this.#waiting.push({ id: to, frames });
    }
    return { ...edge, until: this.#untilsOf(frames), to };
  }

  /** The ways on after a repetition of the element that the frames end in. @returns how the pattern may end here */
  #continue(frames: Frames, way: Way, out: Arrival[]): readonly Forbidden[] | null {
    const depth = frames.length - 1;
    const list = this.#listAt(frames.slice(0, depth));
    const { index, count } = frames[depth] as Frames[number];
    const element = list[index] as PatternElement;
    const { min, max, greedy, inner } = element.quantifier;
    const mayRepeat = max === null || count < max;
    const outer = frames.slice(0, depth);
    if (mayRepeat) {
      const follows =
        inner === 'consecutive' ? 'strict' : inner === 'combinations' ? 'any' : 'first';
      const again = { index, count: max === null ? Math.min(count + 1, min) : count + 1 };
      this.#enter(element, [...outer, again], { way, out, follows });
    }
    if (count < min) return null;
    const passed: Way =
      greedy && mayRepeat
        ? { ...way, greedy: [...way.greedy, ...this.#firstConditions(element)] }
        : way;
    return this.#enterFrom(list, index + 1, outer, { way: passed, out, follows: null });
  }

  /** Enters the next element that takes an event, from `index` on; passes negations, and optional elements also without them. */
  #enterFrom(
    list: readonly PatternElement[],
    index: number,
    outer: Frames,
    at: { readonly way: Way; readonly out: Arrival[]; readonly follows: Follows | null },
  ): readonly Forbidden[] | null {
    let { way } = at;
    for (let i = index; i < list.length; i += 1) {
      const element = list[i] as PatternElement;
      const { contiguity } = element;
      if (contiguity === 'notNext' || contiguity === 'notFollowedBy') {
        const condition = element.kind === 'step' ? this.#condition(element.condition) : 0;
        const only = contiguity === 'notNext' ? 'next' : 'ever';
        way = { ...way, forbidden: [...way.forbidden, { only, condition }] };
        continue;
      }
      const follows =
        at.follows ??
        (contiguity === 'next' ? 'strict' : contiguity === 'followedBy' ? 'first' : 'any');
      this.#enter(element, [...outer, { index: i, count: 1 }], {
        way,
        out: at.out,
        follows,
      });
      if (!element.quantifier.optional) return null;
    }
    if (outer.length === 0) return way.forbidden;
    return this.#continue(outer, way, at.out);
  }

  #enter(
    element: PatternElement,
    frames: Frames,
    at: {
      readonly way: Way;
      readonly out: Arrival[];
      readonly follows: Follows;
    },
  ): void {
    const { way, out, follows } = at;
    if (element.kind === 'step') {
      const condition = this.#condition(element.condition);
      out.push({ step: element.name, condition, follows, ...way, frames });
      return;
    }
    this.#enterFrom(element.elements, 0, frames, { way, out, follows });
  }

  /** What ends the loops that a step lies in: its own and those of the groups around it. */
  #untilsOf(frames: Frames): number[] {
    return frames.flatMap(({ index }, depth) => {
      const { until } = (this.#listAt(frames.slice(0, depth))[index] as PatternElement).quantifier;
      return until === null ? [] : [this.#condition(until)];
    });
  }

  /** Conditions of the steps that an element may begin with. */
  #firstConditions(element: PatternElement): number[] {
    if (element.kind === 'step') return [this.#condition(element.condition)];
    const found: number[] = [];
    for (const each of element.elements) {
      found.push(...this.#firstConditions(each));
      if (!each.quantifier.optional) break;
    }
    return found;
  }

  #listAt(outer: Frames): readonly PatternElement[] {
    let list = this.#pattern;
    for (const { index } of outer) {
      const element = list[index] as PatternElement;
      list = element.kind === 'group' ? element.elements : [];
    }
    return list;
  }

  #condition(condition: ConditionOfStep): number {
    const known = this.#conditions.indexOf(condition);
    return known >= 0 ? known : this.#conditions.push(condition) - 1;
  }
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
