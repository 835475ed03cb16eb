import type { SkipPlan } from '../../projection/plan/pattern-element.ts';

/** A match: positions by step in order, and the time when it was complete. */
export interface OracleMatch {
  readonly taken: readonly { readonly step: string; readonly at: number }[];
  readonly matchedAtMs: number;
}

/**
 * An instant: an event by its index or, half an index before the next event, time that has passed
 * to `ms`.
 */
export interface Instant {
  readonly moment: number;
  readonly ms: number;
}

/** A match and the instant when it was certain. */
export interface Found extends OracleMatch, Instant {}

/** A prefix of matches, by the index of its first event, and the period when it was open. */
export interface OpenPartial {
  readonly start: number;
  readonly from: Instant;
  readonly to: Instant;
}

/** An instant that never comes. */
export const NEVER: Instant = {
  moment: Number.POSITIVE_INFINITY,
  ms: Number.POSITIVE_INFINITY,
};

/** The partial matches that a taken match drops. */
interface Drop {
  readonly moment: number;
  readonly covers: (start: number) => boolean;
}

/**
 * Applies the skip strategy: each match waits until no partial match that started earlier is open.
 */
export function afterSkips(
  skip: SkipPlan,
  found: readonly Found[],
  open: readonly OpenPartial[],
): OracleMatch[] {
  const sorted = [...found].sort((a, b) => compareInstants(a, b) || comparePositions(a, b));
  if (skip.kind === 'noSkip') return sorted.map(shown);
  const taken: OracleMatch[] = [];
  const drops: Drop[] = [];
  const isDropped = (start: number) =>
    drops.some(({ moment, covers }) => start <= moment && covers(start));
  let waiting: Found[] = [];
  const instants = [...found, ...open.map(({ to }) => to)].filter(
    ({ moment }) => moment !== NEVER.moment,
  );
  for (const now of instants.sort(compareInstants)) {
    const came = sorted.filter((match) => compareInstants(match, now) === 0);
    waiting.push(...came.filter((match) => !waiting.includes(match) && !taken.includes(match)));
    for (;;) {
      waiting = waiting.filter((match) => !isDropped(startOf(match)));
      waiting.sort((a, b) => startOf(a) - startOf(b));
      const [first] = waiting;
      if (first === undefined) break;
      const isHeld = open.some(
        ({ start, from, to }) =>
          start < startOf(first) &&
          compareInstants(from, now) <= 0 &&
          compareInstants(now, to) < 0 &&
          !isDropped(start),
      );
      if (isHeld) break;
      waiting.shift();
      taken.push(first);
      const covers = dropped(skip, first);
      if (covers !== null) drops.push({ moment: now.moment, covers });
    }
  }
  return taken.map((match) => shown(match as Found));
}

function shown({ taken, matchedAtMs }: Found): OracleMatch {
  return { taken, matchedAtMs };
}

function startOf({ taken }: OracleMatch): number {
  return taken[0]?.at as number;
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

function compareInstants(a: Instant, b: Instant): number {
  if (a.moment !== b.moment) return a.moment - b.moment;
  return a.ms === b.ms ? 0 : a.ms - b.ms;
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
