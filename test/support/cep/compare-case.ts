import type { Plan } from '../../../src/projection/plan/plan.ts';
import { isRepriseError } from '../../../src/reprise-error.ts';
import { Scenario } from '../../../src/testing/scenario.ts';
import { plainRows, printed } from '../scenario-laws.ts';
import { happeningsOf, takenIn } from './case-projection.ts';
import type { FlinkAnswer, Taken } from './cep-oracle.ts';
import { FLINK_FAULTS } from './flink-faults.ts';
import type { PatternCase } from './pattern-case.ts';

/** What the fold makes of a case. */
interface Folded {
  /** It fails as throwOnMiss says. */
  readonly isMiss: boolean;
  readonly matches: readonly string[];
  readonly timeouts: readonly string[];
  /**
   * Rows of matches that the plain fold does not give, and the other way round; none: they agree.
   */
  readonly unlikePlain: readonly string[];
}

/** How the fold and Flink compare: the same, one of Flink's faults, or different. */
type Verdict =
  | { readonly kind: 'same' | 'refused' }
  | { readonly kind: 'fault'; readonly fault: string }
  | { readonly kind: 'different'; readonly what: string };

/**
 * Folds a case event by event, memory thrown away in the middle, and compares with the plain fold.
 */
export function foldCase(plan: Plan, one: PatternCase): Folded {
  const happenings = happeningsOf(one);
  const s = new Scenario(plan);
  try {
    for (const [i, each] of happenings.entries()) {
      if (i * 2 === happenings.length || i * 2 === happenings.length - 1) s.restart();
      if (each.kind === 'tick') s.tick(each.partition, each.quietMs);
      else s.publish(each.event, each.value as never, { timestamp: each.timestampMs });
    }
  } catch (error) {
    if (!isRepriseError(error, 'HANDLER_FAILED')) throw error;
    return { isMiss: true, matches: [], timeouts: [], unlikePlain: [] };
  }
  const aside = s.deadLetters().length + s.lateEvents().length;
  if (aside > 0) throw new Error(`${aside} events were late or set aside`);
  const rows = s.rows() as readonly { readonly timed_out: boolean }[];
  const [fold, plain] = [rows.filter((row) => !row.timed_out), plainRows(s, happenings)].map(
    (each) => printed(each),
  ) as [string[], string[]];
  const { matches, timeouts } = takenIn(one, rows);
  return {
    isMiss: false,
    matches: texts(matches),
    timeouts: texts(timeouts),
    unlikePlain: [...missingIn(plain, fold), ...missingIn(fold, plain)],
  };
}

/** Compares what the fold makes of a case with what Flink makes of it. */
export function compareWithFlink(one: PatternCase, folded: Folded, flink: FlinkAnswer): Verdict {
  if (flink.refused !== undefined) return { kind: 'refused' };
  if (flink.hangs !== undefined) return { kind: 'fault', fault: 'hangs' };
  const flinks = texts(flink.matches ?? []);
  const flinksTimeouts = texts(flink.timeouts ?? []);
  const isMiss = flink.failed !== undefined;
  const onlyOurs = missingIn(flinks, folded.matches);
  const onlyFlinks = missingIn(folded.matches, flinks);
  if (isMiss !== folded.isMiss || onlyOurs.length + onlyFlinks.length > 0) {
    const missesOnlyHere = folded.isMiss && !isMiss;
    const difference = { onlyOurs, onlyFlinks, flinksTimeouts, missesOnlyHere };
    const what = JSON.stringify({
      isMiss: folded.isMiss,
      flink: flink.failed,
      onlyOurs,
      onlyFlinks,
    });
    return verdictOn(one, difference, `${caseText(one)}\n  ${what}`);
  }
  // What a strategy skips before it times out depends in Flink on how far each step of the
  // watermark goes.
  if (isMiss || one.skip.kind !== 'noSkip') return { kind: 'same' };
  // What was a match already, or goes on from one, does not time out with us.
  const partial = flinksTimeouts.filter((text) => !flinks.some((match) => beginsWith(text, match)));
  const ours = missingIn(partial, folded.timeouts);
  const theirs = missingIn(folded.timeouts, partial);
  if (ours.length + theirs.length === 0) return { kind: 'same' };
  const difference = {
    onlyOurs: ours,
    onlyFlinks: theirs,
    flinksTimeouts: [],
    missesOnlyHere: false,
  };
  const what = JSON.stringify({ timeouts: difference });
  return verdictOn(one, difference, `${caseText(one)}\n  ${what}`);
}

function verdictOn(
  one: PatternCase,
  difference: Parameters<(typeof FLINK_FAULTS)[number]['explains']>[1],
  what: string,
): Verdict {
  const fault = FLINK_FAULTS.find(({ explains }) => explains(one, difference));
  return fault === undefined ? { kind: 'different', what } : { kind: 'fault', fault: fault.name };
}

/** A case as one line of JSON, to be run again. */
export function caseText(one: PatternCase): string {
  return JSON.stringify(one);
}

/** Each match as text, `place@step` in the order of places; the same by two ways is one. */
function texts(found: readonly Taken[]): readonly string[] {
  const all = found.map((taken) =>
    Object.entries(taken)
      .flatMap(([step, places]) => places.map((place) => ({ step, place })))
      .sort((a, b) => a.place - b.place)
      .map(({ step, place }) => `${place}@${step}`)
      .join(' '),
  );
  return [...new Set(all)].sort();
}

function beginsWith(text: string, start: string): boolean {
  return `${text} `.startsWith(`${start} `);
}

function missingIn(here: readonly string[], there: readonly string[]): string[] {
  return there.filter((each) => !here.includes(each));
}
