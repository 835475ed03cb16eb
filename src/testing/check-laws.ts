import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import type { Arbitrary } from 'fast-check';
import { compileProjection } from '../projection/compile/compile-projection.ts';
import type { Projection } from '../projection/plan/projection.ts';
import { fastCheck } from './fast-check.ts';
import type { BrokenLaw, Law, Stretch, Variation } from './find-broken-law.ts';
import { findBrokenLaw } from './find-broken-law.ts';
import type { Happening } from './happening.ts';
import type { Impurity } from './watch-functions.ts';

/** Options of `checkLaws`. */
export interface LawOptions {
  /** Default 2. */
  readonly partitions?: number;
  /** Number of random logs. Default 100. */
  readonly runs?: number;
  /** Seed of the run to repeat, from a failure's message. */
  readonly seed?: number;
  /** Path of the counterexample to repeat, from a failure's message. */
  readonly path?: string;
  /** The laws to check. Default: all. */
  readonly laws?: readonly Law[];
}

const ALL: readonly Law[] = ['purity', 'batching', 'replay', 'order', 'timeZone'];

const SAID: Readonly<Record<Law, string>> = {
  purity: 'a function of the projection is not pure',
  batching: 'other batches, crashes or repeated deliveries give something else',
  replay: 'a replay gives something else than the live run',
  order: 'another order of arrival within the lateness gives something else',
  timeZone: 'the time zone of the process shows',
};

/**
 * Checks the laws of a projection over random logs (with fast-check, an optional peer dependency):
 * - `purity`: each function of the projection returns the same when called twice, on frozen inputs,
 *   without clock, randomness, timers and network;
 * - `batching`: any split into batches, any crash and restart and any repeated batch shows
 *   the same;
 * - `replay`: a rebuild shows what the live run shows, alerts and their ids included;
 * - `order`: any order of arrival within the lateness shows the same (not for tables, which fold
 *   in log order; only with lateness);
 * - `timeZone`: a process in another time zone shows the same. Draw few keys and close times, so
 *   that events meet.
 * @param happenings generates logs from the results of `occurred` and `quiet`
 * @throws AssertionError with the smallest counterexample found, and how to repeat it
 * @example
 * const attempts = fc.record({
 *   userId: fc.constantFrom('a', 'b'),
 *   result: fc.constantFrom('FAILURE' as const, 'SUCCESS' as const),
 *   address: fc.constant('10.0.0.1'),
 *   occurredAt: fc.integer({ min: 0, max: 600_000 }),
 * });
 * checkLaws(new LoginFraud(), fc.array(attempts.map((value) => occurred(LoginAttempted, value))));
 */
export function checkLaws(
  projection: Projection,
  happenings: Arbitrary<readonly Happening[]>,
  options: LawOptions = {},
): void {
  const fc = fastCheck('checkLaws');
  const plan = compileProjection(projection);
  const { partitions = 2, runs = 100, laws = ALL, seed, path } = options;
  const course = fc.array(
    fc.record<Stretch>({
      length: fc.integer({ min: 1, max: 8 }),
      then: fc.constantFrom<Stretch['then'][]>('goOn', 'flush', 'crash', 'again'),
    }),
    { maxLength: 12 },
  );
  const vary: Arbitrary<Variation> = fc.record({
    course,
    delays: fc.array(
      fc.nat(16).map((n) => n / 16),
      { maxLength: 12 },
    ),
  });
  const find = (log: readonly Happening[], variation: Variation) =>
    findBrokenLaw(plan, log, { partitions, laws: new Set(laws), vary: variation });
  const details = fc.check(
    fc.property(happenings, vary, (log, variation) => find(log, variation) === null),
    {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed }),
      ...(path === undefined ? {} : { path }),
    },
  );
  if (!details.failed || details.counterexample === null) return;
  const [log, variation] = details.counterexample;
  const broken = find(log, variation);
  if (broken === null) {
    throw new Error(
      `${plan.name}: ${String(details.errorInstance ?? 'the failure')} does not repeat itself.`,
    );
  }
  throw new AssertionError({
    actual: broken.shown,
    expected: broken.expected,
    operator: 'deepStrictEqual',
    message: [
      `${plan.name} breaks the law of ${broken.law}: ${SAID[broken.law]}.`,
      ...differenceText(broken),
      '',
      'The smallest log found that shows it:',
      ...(log.length === 0 ? ['  (no event)'] : log.map(happeningText)),
      ...(broken.law === 'batching' ? courseText(variation.course) : []),
      '',
      `Repeat it with { seed: ${details.seed}, path: ${JSON.stringify(details.counterexamplePath)} }.`,
    ].join('\n'),
  });
}

function differenceText({ law, shown, expected }: BrokenLaw): readonly string[] {
  if (law === 'purity') {
    return (shown as readonly Impurity[]).map(({ where, what }) => `  ${where}: ${what}`);
  }
  const { message } = new AssertionError({ actual: shown, expected, operator: 'deepStrictEqual' });
  return message.split('\n').slice(1);
}

function happeningText(happening: Happening, i: number): string {
  const number = String(i + 1).padStart(3);
  if (happening.kind === 'tick') {
    return `${number}. partition ${happening.partition} is quiet for ${happening.quietMs} ms`;
  }
  const { event, place } = happening;
  const where =
    Object.keys(place).length === 0
      ? ''
      : ` at ${inspect(place, { breakLength: Number.POSITIVE_INFINITY })}`;
  if (happening.kind === 'tombstone') {
    return `${number}. tombstone on ${event.topic} of ${happening.key}${where}`;
  }
  return `${number}. ${event.name} ${inspect(happening.value, { depth: 6, breakLength: Number.POSITIVE_INFINITY })}${where}`;
}

function courseText(course: readonly Stretch[]): readonly string[] {
  const words = { goOn: 'go on', flush: 'flush', crash: 'crash', again: 'deliver them again' };
  const stretches = course.map(({ length, then }) => `${length} in one batch, then ${words[then]}`);
  return ['', `Taken as: ${stretches.join('; ') || 'one by one'}; over and over.`];
}
