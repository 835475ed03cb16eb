import type { PatternGraph } from './pattern-graph.ts';

/**
 * An event of a key as the matcher sees it. `holds`: bit c is set if it meets condition c, without
 * iterative parts.
 */
export interface MatchEvent {
  readonly timeMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly holds: number;
  /** The fields that the plan reads; null if it meets no condition: nothing reads it then. */
  readonly value: unknown;
}

/** An event taken for a step: a node of the shared buffer. Runs with common events share nodes. */
export interface Taken {
  readonly step: string;
  readonly event: MatchEvent;
  /** Number of the event among the key's events since the key has state. */
  readonly seq: number;
  readonly previous: Taken | null;
}

/** A partial match. */
export interface Run {
  readonly state: number;
  readonly last: Taken;
  readonly startSeq: number;
  readonly startMs: number;
  /**
   * Edges that may still be taken, by index; −1 − index: a greedy loop that was interrupted but
   * still claims its events.
   */
  readonly alive: readonly number[];
  /** True: it ends by itself once no forbidden event has come in time. */
  readonly waits: boolean;
  /** True: it was a match already and may become a longer one. */
  readonly matched: boolean;
  /**
   * True: exactly these events were already reported as a match, perhaps on another path through
   * the pattern.
   */
  readonly told: boolean;
}

/** A complete match that is held back while a partial match that started earlier is open. */
export interface Completed {
  readonly last: Taken;
  readonly startSeq: number;
  readonly matchedAtMs: number;
}

/** The state of one key. */
export interface KeyState {
  seq: number;
  runs: Run[];
  /**
   * Complete matches held back: sorted by their start, then by the time when they were complete.
   */
  completed: Completed[];
  /** Events newer than the watermark, in event-time order. */
  held: MatchEvent[];
  /** Why the key is quarantined; null: it is not. */
  quarantine: string | null;
}

/** Creates the state of a key without events. */
export function emptyKeyState(): KeyState {
  return { seq: 0, runs: [], completed: [], held: [], quarantine: null };
}

/** True if the state of a key is empty. */
export function isEmptyKeyState({ runs, completed, held, quarantine }: KeyState): boolean {
  return runs.length + completed.length + held.length === 0 && quarantine === null;
}

/** Returns the events taken, first to last. */
export function chainOf(last: Taken): readonly Taken[] {
  const chain: Taken[] = [];
  for (let node: Taken | null = last; node !== null; node = node.previous) chain.push(node);
  return chain.reverse();
}

/**
 * Returns events by step: one, or a list for steps that may repeat. Steps not taken are absent;
 * repeated ones are empty lists.
 */
export function eventsByStep(graph: PatternGraph, last: Taken): Readonly<Record<string, unknown>> {
  const events: Record<string, unknown> = {};
  for (const step of graph.repeated) events[step] = [];
  for (const { step, event } of chainOf(last)) {
    if (graph.repeated.has(step)) (events[step] as unknown[]).push(event.value);
    else events[step] = event.value;
  }
  return events;
}

/**
 * Returns the identity of a match: its events and their steps. Two paths through a pattern with the
 * same identity are one match.
 */
export function nameOf(last: Taken): string {
  return chainOf(last)
    .map(({ step, seq }) => `${step} ${seq}`)
    .join();
}

/** Returns the first match of each identity. */
export function withoutRepeats<Named extends { readonly last: Taken }>(
  sorted: readonly Named[],
): Named[] {
  const names = new Set<string>();
  return sorted.filter(({ last }) => {
    const name = nameOf(last);
    return names.has(name) ? false : names.add(name);
  });
}

/**
 * Compares positions lexicographically, earliest first; equal positions by the names of their
 * steps.
 */
export function comparePositions(a: Taken, b: Taken): number {
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
