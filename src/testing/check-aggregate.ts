import { AssertionError } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { Arbitrary } from 'fast-check';
import { valueFault } from '../fold/rows/to-column-values.ts';
import type { UserAggregate } from '../projection/declare/aggregates.ts';
import { fastCheck } from './fast-check.ts';
import type { Impurity } from './watch-functions.ts';
import { watched } from './watch-functions.ts';

/** Options of `checkAggregate`. */
export interface AggregateOptions {
  /** Number of random examples. Default 200. */
  readonly runs?: number;
  /** Seed of the run to repeat, from a failure's message. */
  readonly seed?: number;
}

/**
 * Checks the laws of a user-defined aggregate (with fast-check): its functions are pure; `merge` is
 * commutative and associative, with `zero` as identity; adding an event equals merging the state of
 * that event alone; a state that was stored as JSON behaves as before; the result fits the column.
 * States are compared by their results.
 * @throws AssertionError with the smallest counterexample found
 * @example
 * const longestPage: UserAggregate<PageViewed, number, number> = {
 *   zero: 0,
 *   add: (longest, { page }) => Math.max(longest, page.length),
 *   merge: (a, b) => Math.max(a, b),
 *   result: (longest) => longest,
 *   column: int(),
 * };
 * checkAggregate(longestPage, eventArbitrary(PageViewed));
 */
export function checkAggregate<Event, State, Value>(
  define: UserAggregate<Event, State, Value>,
  events: Arbitrary<Event>,
  { runs = 200, seed }: AggregateOptions = {},
): void {
  const fc = fastCheck('checkAggregate');
  const lists = fc.array(events, { maxLength: 6 });
  const find = (drawn: readonly (readonly Event[])[]) => brokenLaw(define, drawn);
  const details = fc.check(
    fc.property(lists, lists, lists, (a, b, c) => find([a, b, c]) === null),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
  if (!details.failed || details.counterexample === null) return;
  const broken = find(details.counterexample);
  throw new AssertionError({
    message: [
      `The aggregate breaks a law: ${broken ?? String(details.errorInstance)}.`,
      ...['a', 'b', 'c'].map(
        (name, i) => `  ${name}: events ${inspect(details.counterexample?.[i], { depth: 6 })}`,
      ),
      `Repeat it with { seed: ${details.seed} }.`,
    ].join('\n'),
  });
}

function brokenLaw<Event, State, Value>(
  define: UserAggregate<Event, State, Value>,
  drawn: readonly (readonly Event[])[],
): string | null {
  const found: Impurity[] = [];
  const { zero, column } = define;
  const add = watched(define.add as never, 'add', found) as (s: unknown, e: Event) => unknown;
  const merge = watched(define.merge as never, 'merge', found) as (
    a: unknown,
    b: unknown,
  ) => unknown;
  const result = watched(define.result as never, 'result', found);
  const stateOf = (events: readonly Event[]) => events.reduce<unknown>(add, zero);
  const [a, b, c] = drawn.map(stateOf);
  const added = (drawn[1] ?? []).reduce<unknown>(add, a);
  const merged = (drawn[1] ?? []).reduce<unknown>((state, e) => merge(state, add(zero, e)), a);
  const stored = (state: unknown) => JSON.parse(JSON.stringify(state)) as unknown;
  const laws: [string, unknown, unknown][] = [
    ['merge(a, b) and merge(b, a) differ', merge(a, b), merge(b, a)],
    [
      'merge(merge(a, b), c) and merge(a, merge(b, c)) differ',
      merge(merge(a, b), c),
      merge(a, merge(b, c)),
    ],
    ['merge(zero, a) is not a', merge(zero, a), a],
    ['adding the events of b to a is not merging what each makes of zero', added, merged],
    ['adding the events of a and b is not merge(a, b)', added, merge(a, b)],
    ['a state that was stored as JSON behaves otherwise', merge(stored(a), stored(b)), merge(a, b)],
  ];
  for (const [law, one, other] of laws) {
    const [left, right] = [result(one), result(other)];
    if (!isDeepStrictEqual(left, right)) return `${law} (${inspect(left)} and ${inspect(right)})`;
  }
  const [impurity] = found;
  if (impurity !== undefined) return `${impurity.where} is not pure: ${impurity.what}`;
  const { type, precision, scale } = column;
  const plan = {
    name: 'result',
    type,
    nullable: true,
    role: 'measure' as const,
    comment: '',
    ...(precision === undefined ? {} : { precision }),
    ...(scale === undefined ? {} : { scale }),
  };
  const fault = valueFault(plan, result(a));
  return fault === null ? null : `the result of a is ${fault}`;
}
