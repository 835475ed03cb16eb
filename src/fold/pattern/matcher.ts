import type { SkipPlan } from '../../projection/pattern-plan.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { Edge, Forbidden, PatternGraph } from './pattern-graph.ts';

/** An event of a key as the matcher sees it. `holds`: bit c is set when it meets condition c, iterative parts aside. */
export interface MatchEvent {
  readonly timeMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly holds: number;
  /** The whole event; asked for only when it is taken or an iterative condition looks at it. */
  readonly value: unknown;
}

/** An event taken for a step: a node of the shared buffer. Runs that have events in common share nodes. */
export interface Taken {
  readonly step: string;
  readonly event: MatchEvent;
  /** Place of the event among the key's events since it has state. */
  readonly seq: number;
  readonly previous: Taken | null;
}

/** A partial match. */
export interface Run {
  readonly state: number;
  readonly last: Taken;
  readonly startSeq: number;
  readonly startMs: number;
  /** Edges that may still be taken, by index. */
  alive: readonly number[];
  /** It was a match already and may become a longer one. */
  readonly matched: boolean;
  /** Just these events were told as a match, perhaps by another way through the pattern. */
  readonly told: boolean;
}

/** What is kept of one key. */
export interface KeyState {
  seq: number;
  runs: Run[];
  /** Events newer than the watermark, in event-time order. */
  held: MatchEvent[];
  /** Why the key is set aside; null: it is not. */
  quarantine: string | null;
}

/** A complete match, or a partial one that ran out of time. */
export interface Match {
  readonly last: Taken;
  readonly matchedAtMs: number;
  readonly timedOut: boolean;
}

/** The rules of a plan that the matcher needs. */
export interface MatchRules {
  readonly graph: PatternGraph;
  readonly withinMs: number | null;
  readonly withinStepsMs: number | null;
  readonly skip: SkipPlan;
  readonly maxRunsPerKey: number;
}

/** A key without anything. */
export function emptyKeyState(): KeyState {
  return { seq: 0, runs: [], held: [], quarantine: null };
}

/**
 * The automaton (SASE+, Agrawal et al. 2008; Flink's NFA) over the events of one key, in order. A run is a state of the graph and a chain of taken events; each
 * event advances every run: time per event grows with the runs of its key, memory with runs and the events they share. Pure but for the key's state.
 */
export class Matcher {
  readonly #rules: MatchRules;
  /** Bits of the conditions with which a match may begin. */
  readonly startMask: number;

  readonly #waitsForAbsence: boolean;

  constructor(rules: MatchRules) {
    this.#rules = rules;
    this.#waitsForAbsence = rules.graph.states.some(({ accepts }) => (accepts?.length ?? 0) > 0);
    const start = rules.graph.states[0]?.edges ?? [];
    this.startMask = start.reduce((mask, { condition }) => mask | (1 << condition), 0);
  }

  /** The next event of the key. @returns matches, in the order of their events' positions @throws PATTERN_RUNS_EXCEEDED */
  take(key: KeyState, event: MatchEvent): readonly Match[] {
    const done = [...this.expire(key, event.timeMs)];
    key.seq += 1;
    const runs: Run[] = [];
    const found: Match[] = [];
    const begin = (last: Taken, state: number, from: Run | null) => {
      const next = this.#rules.graph.states[state];
      const completes = next?.accepts?.length === 0;
      if (completes) found.push({ last, matchedAtMs: event.timeMs, timedOut: false });
      if (next === undefined || (next.edges.length === 0 && (completes || next.accepts === null)))
        return;
      runs.push({
        state,
        last,
        startSeq: from?.startSeq ?? last.seq,
        startMs: from?.startMs ?? event.timeMs,
        alive: next.edges.map((_, k) => k),
        matched: completes || (from?.matched ?? false),
        told: completes,
      });
    };
    for (const run of key.runs) {
      const kept = this.#advance(run, event, key.seq, { begin, found });
      if (kept !== null) runs.push(kept);
    }
    for (const edge of this.#rules.graph.states[0]?.edges ?? []) {
      if (!this.#holds(edge.condition, event, null)) continue;
      if (edge.until.some((condition) => this.#holds(condition, event, null))) continue;
      begin({ step: edge.step, event, seq: key.seq, previous: null }, edge.to, null);
    }
    const kept = this.#skip(runs, found, done);
    if (kept.length > this.#rules.maxRunsPerKey) {
      throw new RepriseError(
        'PATTERN_RUNS_EXCEEDED',
        `there are ${kept.length} partial matches, more than maxRunsPerKey (${this.#rules.maxRunsPerKey}) allows. Narrow the pattern (within, next, conditions), or raise the limit.`,
      );
    }
    key.runs = kept;
    return done;
  }

  /** Time has passed to `timeMs`: partial matches beyond `within` go, absences become certain. @returns matches and timed-out partial matches */
  expire(key: KeyState, timeMs: number): readonly Match[] {
    let due = key.runs.filter((run) => this.deadlineOf(run) <= timeMs);
    if (due.length === 0) return [];
    key.runs = key.runs.filter((run) => this.deadlineOf(run) > timeMs);
    const done: Match[] = [];
    due.sort((a, b) => this.deadlineOf(a) - this.deadlineOf(b) || comparePositions(a.last, b.last));
    for (let run = due.shift(); run !== undefined; run = due.shift()) {
      const { last, matched } = run;
      const { accepts } = this.#rules.graph.states[run.state] ?? { accepts: null };
      // What must not come next was decided by the event after, if there was one.
      const waits = accepts?.some(({ only }) => only === 'ever' || key.seq === last.seq) ?? false;
      if (waits && run.told) continue;
      const timedOut = !waits;
      if (timedOut && matched) continue;
      done.push({ last, matchedAtMs: this.deadlineOf(run), timedOut });
      if (timedOut) continue;
      key.runs = this.#tell(key.runs, done);
      due = this.#tell(due, done);
      const drops = dropsAfter(this.#rules.skip, last);
      if (drops === null) continue;
      key.runs = key.runs.filter(({ startSeq }) => !drops(startSeq));
      due = due.filter(({ startSeq }) => !drops(startSeq));
    }
    return done;
  }

  /** When a run ends by itself. */
  deadlineOf({ startMs, last }: Run): number {
    const { withinMs, withinStepsMs } = this.#rules;
    const whole = withinMs === null ? Number.POSITIVE_INFINITY : startMs + withinMs;
    const step =
      withinStepsMs === null ? Number.POSITIVE_INFINITY : last.event.timeMs + withinStepsMs;
    return Math.min(whole, step);
  }

  /** One run meets one event. @returns the run as it goes on, or null */
  #advance(
    run: Run,
    event: MatchEvent,
    seq: number,
    out: {
      readonly begin: (last: Taken, state: number, from: Run) => void;
      readonly found: Match[];
    },
  ): Run | null {
    const { edges, accepts } = this.#rules.graph.states[
      run.state
    ] as PatternGraph['states'][number];
    const isNext = seq === run.last.seq + 1;
    const isForbidden = ({ only, condition }: Forbidden) =>
      (only === 'ever' || isNext) && this.#holds(condition, event, run);
    const leaves = ({ greedy }: Edge) =>
      !greedy.some((condition) => this.#holds(condition, event, run));
    // A negation is active as soon as the run could go past it, whether or not the edge behind it is still open (as in Flink).
    for (const edge of edges) {
      if (edge.forbidden.length > 0 && leaves(edge) && edge.forbidden.some(isForbidden))
        return null;
    }
    const waits = accepts !== null && accepts.length > 0;
    if (waits && accepts.some(isForbidden)) return null;
    let { matched } = run;
    if (waits && isNext && accepts.every(({ only }) => only === 'next')) {
      out.found.push({ last: run.last, matchedAtMs: run.last.event.timeMs, timedOut: false });
      matched = true;
    }
    const alive = run.alive.filter((k) =>
      this.#pass(edges[k] as Edge, run, event, { seq, leaves, out }),
    );
    const stillWaits = waits && accepts.some(({ only }) => only === 'ever');
    if (alive.length === 0 && !stillWaits) return null;
    return alive.length === run.alive.length && matched === run.matched
      ? run
      : { ...run, alive, matched };
  }

  /** An edge meets an event: takes it where it may. @returns whether the edge stays open */
  #pass(
    edge: Edge,
    run: Run,
    event: MatchEvent,
    at: {
      readonly seq: number;
      readonly leaves: (edge: Edge) => boolean;
      readonly out: { readonly begin: (last: Taken, state: number, from: Run) => void };
    },
  ): boolean {
    if (edge.until.some((condition) => this.#holds(condition, event, run))) return false;
    if (!at.leaves(edge)) return false;
    if (!this.#holds(edge.condition, event, run)) return edge.follows !== 'strict';
    at.out.begin({ step: edge.step, event, seq: at.seq, previous: run.last }, edge.to, run);
    return edge.follows === 'any';
  }

  #holds(condition: number, event: MatchEvent, run: Run | null): boolean {
    if ((event.holds & (1 << condition)) === 0) return false;
    const { iterative } = this.#rules.graph.conditions[condition] ?? { iterative: [] };
    if (iterative.length === 0) return true;
    const soFar = run === null ? {} : eventsByStep(this.#rules.graph, run.last);
    return iterative.every((accepts) => accepts(event.value as never, soFar as never));
  }

  /** Takes matches in the order of their positions and applies the skip strategy after each. @returns the runs that stay */
  #skip(runs: readonly Run[], found: readonly Match[], done: Match[]): Run[] {
    const { skip } = this.#rules;
    let kept = [...runs];
    let waiting = withoutRepeats([...found].sort((a, b) => comparePositions(a.last, b.last)));
    for (let match = waiting.shift(); match !== undefined; match = waiting.shift()) {
      done.push(match);
      const drops = dropsAfter(skip, match.last);
      if (drops === null) continue;
      kept = kept.filter((run) => !drops(run.startSeq));
      waiting = waiting.filter(({ last }) => !drops(firstOf(last).seq));
    }
    return this.#tell(kept, done);
  }

  /** Marks runs that wait for an absence and whose events were told as a match already. */
  #tell(runs: Run[], done: readonly Match[]): Run[] {
    if (!this.#waitsForAbsence || done.length === 0) return runs;
    const names = new Set(done.map(({ last }) => nameOf(last)));
    return runs.map((run) =>
      run.told || !names.has(nameOf(run.last)) ? run : { ...run, told: true },
    );
  }
}

/** Two ways through a pattern may take the same events for the same steps: that is one match. */
function withoutRepeats(sorted: readonly Match[]): Match[] {
  const names = new Set<string>();
  return sorted.filter(({ last }) => {
    const name = nameOf(last);
    return names.has(name) ? false : names.add(name);
  });
}

/** The events of a match and the steps they were taken for. */
function nameOf(last: Taken): string {
  return chainOf(last)
    .map(({ step, seq }) => `${step} ${seq}`)
    .join();
}

/** Which beginnings a match drops; null: none. */
function dropsAfter(skip: SkipPlan, last: Taken): ((startSeq: number) => boolean) | null {
  switch (skip.kind) {
    case 'noSkip':
      return null;
    case 'skipToNext': {
      const start = firstOf(last).seq;
      return (startSeq) => startSeq === start;
    }
    case 'skipPastLastEvent':
      return (startSeq) => startSeq <= last.seq;
    default: {
      const seqs = chainOf(last).flatMap(({ step, seq }) => (step === skip.step ? [seq] : []));
      const to = skip.kind === 'skipToFirst' ? seqs[0] : seqs.at(-1);
      if (to !== undefined) return (startSeq) => startSeq < to;
      if (!skip.throwOnMiss) return null;
      throw new RepriseError(
        'HANDLER_FAILED',
        `${skip.kind}("${skip.step}"): the match has no event of that step, and throwOnMiss is set.`,
      );
    }
  }
}

/** The events taken, first to last. */
export function chainOf(last: Taken): readonly Taken[] {
  const chain: Taken[] = [];
  for (let node: Taken | null = last; node !== null; node = node.previous) chain.push(node);
  return chain.reverse();
}

/** Events by step: one, or a list for steps that may repeat. Steps not taken are absent; repeated ones then are empty lists. */
export function eventsByStep(graph: PatternGraph, last: Taken): Readonly<Record<string, unknown>> {
  const events: Record<string, unknown> = {};
  for (const step of graph.repeated) events[step] = [];
  for (const { step, event } of chainOf(last)) {
    if (graph.repeated.has(step)) (events[step] as unknown[]).push(event.value);
    else events[step] = event.value;
  }
  return events;
}

function firstOf(last: Taken): Taken {
  let node = last;
  while (node.previous !== null) node = node.previous;
  return node;
}

/** Lexicographic order of positions, earliest first; of the same positions, by the names of the steps they were taken for. */
function comparePositions(a: Taken, b: Taken): number {
  const [x, y] = [chainOf(a), chainOf(b)];
  for (const [i, { seq }] of x.entries()) {
    const other = y[i]?.seq;
    if (other === undefined) return 1;
    if (seq !== other) return seq - other;
  }
  if (x.length !== y.length) return x.length - y.length;
  const [a1, b1] = [x, y].map((chain) => chain.map(({ step }) => step).join()) as [string, string];
  return a1 < b1 ? -1 : a1 > b1 ? 1 : 0;
}
