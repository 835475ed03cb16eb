import type { PatternGraph } from './pattern-graph.ts';

/**
 * An event of a key as the matcher sees it. `holds`: bit c is set when it meets condition c,
 * iterative parts aside.
 */
export interface MatchEvent {
  readonly timeMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly holds: number;
  /** The whole event; asked for only when it is taken or an iterative condition looks at it. */
  readonly value: unknown;
}

/**
 * An event taken for a step: a node of the shared buffer. Runs that have events in common share
 * nodes.
 */
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
  /**
   * Edges that may still be taken, by index; −1 − index: a greedy loop that was broken off, and
   * still does not let go of its events.
   */
  readonly alive: readonly number[];
  /** It ends by itself once nothing came that must not come. */
  readonly waits: boolean;
  /** It was a match already and may become a longer one. */
  readonly matched: boolean;
  /** Just these events were told as a match, perhaps by another way through the pattern. */
  readonly told: boolean;
}

/** A complete match that is held back while a partial match that began earlier is open. */
export interface Completed {
  readonly last: Taken;
  readonly startSeq: number;
  readonly matchedAtMs: number;
}

/** What is kept of one key. */
export interface KeyState {
  seq: number;
  runs: Run[];
  /** Complete matches held back: by their beginning, then by when they were complete. */
  completed: Completed[];
  /** Events newer than the watermark, in event-time order. */
  held: MatchEvent[];
  /** Why the key is set aside; null: it is not. */
  quarantine: string | null;
}

/** A key without anything. */
export function emptyKeyState(): KeyState {
  return { seq: 0, runs: [], completed: [], held: [], quarantine: null };
}

/** Whether nothing is kept of a key. */
export function isEmptyKeyState({ runs, completed, held, quarantine }: KeyState): boolean {
  return runs.length + completed.length + held.length === 0 && quarantine === null;
}

/** The events taken, first to last. */
export function chainOf(last: Taken): readonly Taken[] {
  const chain: Taken[] = [];
  for (let node: Taken | null = last; node !== null; node = node.previous) chain.push(node);
  return chain.reverse();
}

/**
 * Events by step: one, or a list for steps that may repeat. Steps not taken are absent; repeated
 * ones then are empty lists.
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
 * The events of a match and the steps they were taken for: two ways through a pattern to the same
 * ones are one match.
 */
export function nameOf(last: Taken): string {
  return chainOf(last)
    .map(({ step, seq }) => `${step} ${seq}`)
    .join();
}

/** The first of each name. */
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
 * Lexicographic order of positions, earliest first; of the same positions, by the names of the
 * steps they were taken for.
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
