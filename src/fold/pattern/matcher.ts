import type { SkipPlan } from '../../projection/plan/pattern-element.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { Completed, KeyState, MatchEvent, Run, Taken } from './key-state.ts';
import { comparePositions, eventsByStep, nameOf, withoutRepeats } from './key-state.ts';
import type { Edge, Ending, Forbidden, GraphState, PatternGraph } from './pattern-graph.ts';
import { takeCompleted } from './take-completed.ts';

/** A complete match, or a partial one that timed out. */
export interface Match {
  readonly last: Taken;
  /**
   * Event time of its last event; for an absence or a time-out, the instant that time had reached.
   */
  readonly matchedAtMs: number;
  /** When it was certain, whether held back or not: no event before this can change it. */
  readonly certainAtMs: number;
  readonly timedOut: boolean;
}

/** The rules of a plan that the matcher needs. */
export interface MatchRules {
  readonly graph: PatternGraph;
  readonly withinMs: number | null;
  readonly withinStepsMs: number | null;
  readonly skip: SkipPlan;
  readonly keepsTimeouts: boolean;
  readonly maxRunsPerKey: number;
}

/** One run and one event. */
interface Meeting {
  readonly run: Run;
  readonly event: MatchEvent;
  readonly state: GraphState;
  /** True if the event directly follows the run's last event. */
  readonly isNext: boolean;
}

/** The result of an event. */
interface Outcome {
  readonly runs: Run[];
  readonly found: Completed[];
}

/**
 * The automaton (SASE+, Agrawal et al. 2008; Flink's NFA) over the events of one key, in order. A
 * run is a state of the graph and a chain of taken events; each event advances every run: time per
 * event grows with the runs of its key, memory with runs and the events they share. Pure, except
 * for the key's state.
 */
export class Matcher {
  readonly #rules: MatchRules;
  readonly #states: readonly GraphState[];
  /** Bits of the conditions with which a match may start. */
  readonly startMask: number;
  /** True if one path through the pattern may end a match while another waits for more. */
  readonly #tells: boolean;

  constructor(rules: MatchRules) {
    const { states } = rules.graph;
    this.#rules = rules;
    this.#states = states;
    this.#tells =
      rules.keepsTimeouts || states.some(({ end }) => end !== null && end.forbidden.length > 0);
    const start = states[0]?.edges ?? [];
    this.startMask = start.reduce((mask, { condition }) => mask | (1 << condition), 0);
  }

  /**
   * Processes the next event of the key. @returns matches, in the order in which they are taken
   * @throws PATTERN_RUNS_EXCEEDED, HANDLER_FAILED
   */
  take(key: KeyState, event: MatchEvent): readonly Match[] {
    const done = [...this.expire(key, event.timeMs)];
    key.seq += 1;
    const outcome: Outcome = { runs: [], found: [] };
    for (const run of key.runs) {
      const kept = this.#advance(run, event, key.seq, outcome);
      if (kept !== null) outcome.runs.push(kept);
    }
    const start = this.#states[0]?.edges ?? [];
    for (const edge of start) {
      if (!this.#takes(edge, event, null)) continue;
      if (edge.greedy.some((k) => this.#takes(start[k] as Edge, event, null))) continue;
      const first = { step: edge.step, event, seq: key.seq, previous: null };
      this.#begin(edge.to, first, null, outcome);
    }
    key.runs = outcome.runs;
    done.push(...this.#complete(key, outcome.found, event.timeMs));
    this.#limit(key);
    return done;
  }

  /**
   * Advances time to `timeMs`: partial matches beyond `within` time out, absences become certain.
   * @returns matches and timed-out partial matches
   */
  expire(key: KeyState, timeMs: number): readonly Match[] {
    const isDue = (run: Run) => this.deadlineOf(run) <= timeMs;
    let due = key.runs.filter(isDue);
    if (due.length === 0) return [];
    let rest = key.runs.filter((run) => !isDue(run));
    due.sort((a, b) => this.deadlineOf(a) - this.deadlineOf(b));
    const done: Match[] = [];
    while (due.length > 0) {
      const atMs = this.deadlineOf(due[0] as Run);
      const later = due.findIndex((run) => this.deadlineOf(run) > atMs);
      const now = later < 0 ? due : due.slice(0, later);
      due = later < 0 ? [] : due.slice(later);
      const { found, timedOut } = this.#endOf(now, key.seq, atMs);
      done.push(...timedOut);
      key.runs = [...due, ...rest];
      if (found.length + key.completed.length === 0) continue;
      done.push(...this.#complete(key, found, atMs));
      due = key.runs.filter(isDue);
      rest = key.runs.filter((run) => !isDue(run));
    }
    return done;
  }

  /** Returns the time when a run ends by itself. */
  deadlineOf({ startMs, last }: Run): number {
    const { withinMs, withinStepsMs } = this.#rules;
    const whole = withinMs === null ? Number.POSITIVE_INFINITY : startMs + withinMs;
    const step =
      withinStepsMs === null ? Number.POSITIVE_INFINITY : last.event.timeMs + withinStepsMs;
    return Math.min(whole, step);
  }

  /** Ends the runs whose time is over at one instant. */
  #endOf(runs: readonly Run[], seq: number, atMs: number) {
    const found: Completed[] = [];
    const timedOut: Match[] = [];
    for (const { state, last, startSeq, waits, matched, told } of runs) {
      const { end } = this.#states[state] as GraphState;
      // The following event, if there was one, has already decided whether it was a forbidden next
      // event.
      const isAbsence =
        waits && (end?.forbidden.some(({ only }) => only === 'ever' || seq === last.seq) ?? false);
      if (told) continue;
      if (isAbsence) found.push({ last, startSeq, matchedAtMs: atMs });
      else if (!matched)
        timedOut.push({ last, matchedAtMs: atMs, certainAtMs: atMs, timedOut: true });
    }
    timedOut.sort((a, b) => comparePositions(a.last, b.last));
    return { found, timedOut: withoutRepeats(timedOut) };
  }

  /** Starts a run in a state, after taking an event. */
  #begin(state: number, last: Taken, from: Run | null, { runs, found }: Outcome): void {
    const { edges, end } = this.#states[state] as GraphState;
    const startSeq = from?.startSeq ?? last.seq;
    const ends = end !== null && end.forbidden.length === 0;
    if (ends) found.push({ last, startSeq, matchedAtMs: last.event.timeMs });
    const waits = end !== null && !ends;
    if (edges.length === 0 && !waits) return;
    runs.push({
      state,
      last,
      startSeq,
      startMs: from?.startMs ?? last.event.timeMs,
      alive: edges.map((_, k) => k),
      waits,
      matched: ends || (from?.matched ?? false),
      told: ends,
    });
  }

  /** Processes one event in one run. @returns the continued run, or null */
  #advance(run: Run, event: MatchEvent, seq: number, outcome: Outcome): Run | null {
    const state = this.#states[run.state] as GraphState;
    const meeting: Meeting = { run, event, state, isNext: seq === run.last.seq + 1 };
    if (this.#isEnded(meeting)) return null;
    const { end } = state;
    let { waits, matched, told } = run;
    if (waits && end !== null) {
      const isLeft = this.#isLeft(end, meeting);
      if (isLeft && !told && end.forbidden.every(({ only }) => only === 'next')) {
        outcome.found.push({
          last: run.last,
          startSeq: run.startSeq,
          matchedAtMs: run.last.event.timeMs,
        });
        matched = true;
        told = true;
      }
      waits = isLeft && end.forbidden.some(({ only }) => only === 'ever');
    }
    const alive = this.#pass(meeting, seq, outcome);
    if (!waits && !alive.some((k) => k >= 0)) return null;
    return alive === run.alive && waits === run.waits && matched === run.matched
      ? run
      : { ...run, alive, waits, matched, told };
  }

  /**
   * True if the event is forbidden: a negation is active as soon as the run could proceed past it,
   * whether or not the edge behind it is still open (as in Flink).
   */
  #isEnded(meeting: Meeting): boolean {
    const { run, event, state, isNext } = meeting;
    if (state.guards.some((condition) => this.#holds(condition, event, run))) return true;
    const isForbidden =
      (way: Ending) =>
      ({ only, condition }: Forbidden) =>
        (only === 'ever' || (isNext && this.#isLeft(way, meeting))) &&
        this.#holds(condition, event, run);
    const forbids = (way: Ending) =>
      way.forbidden.length > 0 && way.forbidden.some(isForbidden(way));
    if (state.edges.some(forbids)) return true;
    return run.waits && state.end !== null && forbids(state.end);
  }

  /** True if no greedy loop that the path leaves could take the event. */
  #isLeft({ greedy }: Ending, { run, event, state }: Meeting): boolean {
    return !greedy.some(
      (k) =>
        (run.alive.includes(k) || run.alive.includes(-1 - k)) &&
        this.#takes(state.edges[k] as Edge, event, run),
    );
  }

  /**
   * Processes an event on the open edges. @returns those that stay open; the same list if all do
   */
  #pass(meeting: Meeting, seq: number, outcome: Outcome): readonly number[] {
    const { alive } = meeting.run;
    let kept: number[] | null = null;
    for (let i = 0; i < alive.length; i += 1) {
      const k = alive[i] as number;
      const left = this.#passEdge(k, meeting, seq, outcome);
      if (left !== k && kept === null) kept = alive.slice(0, i);
      if (left !== null) kept?.push(left);
    }
    return kept ?? alive;
  }

  /** @returns the edge for `Run.alive` from now on; null: it is closed */
  #passEdge(k: number, meeting: Meeting, seq: number, outcome: Outcome): number | null {
    const { run, event, state } = meeting;
    const edge = state.edges[k < 0 ? -1 - k : k] as Edge;
    const isOver = edge.until.some(
      ({ condition, hasBegun }) => hasBegun && this.#holds(condition, event, run),
    );
    if (isOver) return null;
    if (k < 0) return k;
    if (!this.#isLeft(edge, meeting)) return null;
    if (this.#takes(edge, event, run)) {
      this.#begin(edge.to, { step: edge.step, event, seq, previous: run.last }, run, outcome);
      return edge.follows === 'any' ? k : null;
    }
    if (edge.follows !== 'strict') return k;
    const isUntil = edge.until.some(({ condition }) => this.#holds(condition, event, run));
    return isUntil ? null : -1 - k;
  }

  #takes({ condition, until }: Edge, event: MatchEvent, run: Run | null): boolean {
    return (
      this.#holds(condition, event, run) &&
      !until.some((each) => this.#holds(each.condition, event, run))
    );
  }

  #holds(condition: number, event: MatchEvent, run: Run | null): boolean {
    if ((event.holds & (1 << condition)) === 0) return false;
    const { iterative } = this.#rules.graph.conditions[condition] ?? { iterative: [] };
    if (iterative.length === 0) return true;
    const soFar = run === null ? {} : eventsByStep(this.#rules.graph, run.last);
    return iterative.every((accepts) => accepts(event.value as never, soFar as never));
  }

  /** Adds complete matches, and takes those that need not wait. */
  #complete(key: KeyState, found: readonly Completed[], atMs: number): readonly Match[] {
    if (found.length + key.completed.length === 0) return [];
    if (found.length > 0) {
      const sorted = [...found].sort((a, b) => comparePositions(a.last, b.last));
      key.completed.push(...withoutRepeats(sorted));
      key.completed.sort((a, b) => a.startSeq - b.startSeq);
      if (this.#tells) this.#tell(key, found);
    }
    const taken = takeCompleted(key, this.#rules.skip);
    return taken.map(({ last, matchedAtMs }) => ({
      last,
      matchedAtMs,
      certainAtMs: atMs,
      timedOut: false,
    }));
  }

  /** Marks runs that another path through the pattern has already reported as a match. */
  #tell(key: KeyState, found: readonly Completed[]): void {
    const names = new Set(found.map(({ last }) => nameOf(last)));
    key.runs = key.runs.map((run) =>
      run.told || !names.has(nameOf(run.last)) ? run : { ...run, told: true },
    );
  }

  #limit({ runs, completed }: KeyState): void {
    const { maxRunsPerKey, skip } = this.#rules;
    if (runs.length + completed.length <= maxRunsPerKey) return;
    const held = completed.length === 0 ? '' : ` and ${completed.length} matches that wait`;
    const remedy =
      completed.length === 0 ? '' : ` With ${skip.kind}, matches wait for earlier partial ones.`;
    throw new RepriseError(
      'PATTERN_RUNS_EXCEEDED',
      `there are ${runs.length} partial matches${held}, more than maxRunsPerKey (${maxRunsPerKey}) allows.${remedy} Narrow the pattern (within, next, conditions), or raise the limit.`,
    );
  }
}
