import { isDeepStrictEqual } from 'node:util';
import type { Plan } from '../projection/plan/plan.ts';
import type { Happening } from './happening.ts';
import { inTimeZone } from './in-sealed-realm.ts';
import { Scenario } from './scenario.ts';
import type { Impurity } from './watch-functions.ts';
import { watchFunctions } from './watch-functions.ts';

/** The laws that `checkLaws` checks, named after what is varied: the result must not change. */
export type Law = 'purity' | 'batching' | 'replay' | 'order' | 'timeZone';

/**
 * One part of a log as a run processes it: a number of steps, followed by nothing, a flush, a
 * crash, or a second delivery of the same part.
 */
export interface Stretch {
  readonly length: number;
  readonly then: 'goOn' | 'flush' | 'crash' | 'again';
}

/** How a run differs from the plain one. */
export interface Variation {
  readonly course: readonly Stretch[];
  /** Delay of arrival of each event, as a share (0 to 1) of the lateness. */
  readonly delays: readonly number[];
}

/**
 * A law that does not hold: the results of the plain run and of the other run. For impurities,
 * `shown` lists them and `expected` is empty.
 */
export interface BrokenLaw {
  readonly law: Law;
  readonly shown: unknown;
  readonly expected: unknown;
}

/** Maximum number of crashes in a run: each repeats what was not flushed. */
const CRASHES_MAX = 5;
/** Columns with positions in the log: they depend on the order of arrival. */
const POSITIONS = new Set(['revised_at_offset', 'session_id', 'match_id', 'positions']);
/** A time zone far from UTC, with other days. */
const ELSEWHERE = 'Pacific/Kiritimati';

/**
 * Returns the first law that a projection breaks over these happenings; null if it keeps all of
 * them.
 */
export function findBrokenLaw(
  plan: Plan,
  log: readonly Happening[],
  options: {
    readonly partitions: number;
    readonly laws: ReadonlySet<Law>;
    readonly vary: Variation;
  },
): BrokenLaw | null {
  const { partitions, laws, vary } = options;
  if (laws.has('purity')) {
    const found: Impurity[] = [];
    played(watchFunctions(plan, found), log, partitions);
    if (found.length > 0) return { law: 'purity', shown: found, expected: [] };
  }
  const live = played(plan, log, partitions);
  const expected = everything(live);
  const runs: [Law, () => unknown, unknown][] = [
    ['batching', () => everything(divided(live, vary.course)), expected],
    ['replay', () => everythingReplayed(live), everythingReplayed(live, live)],
    [
      'timeZone',
      () => inTimeZone(ELSEWHERE, () => everything(played(plan, log, partitions))),
      expected,
    ],
    ...orderRun(plan, live, { ...vary, partitions }),
  ];
  for (const [law, run, wanted] of runs) {
    if (!laws.has(law)) continue;
    const shown = run();
    if (!isDeepStrictEqual(shown, wanted)) return { law, shown, expected: wanted };
  }
  return null;
}

function played(plan: Plan, log: readonly Happening[], partitions: number): Scenario {
  return new Scenario(plan, { partitions }).play(...log);
}

/** Returns everything that a scenario shows. */
function everything(s: Scenario): Record<string, unknown> {
  return {
    ...rowsOf(s),
    alerts: sorted(s.alerts()),
    lateEvents: sorted(s.lateEvents().map(({ payload: _payload, ...late }) => late)),
    deadLetters: placesOf(s),
    stateSize: s.stateSize(),
    stateRows: s.stateRows(),
  };
}

/**
 * Returns the rows of a replay. A rebuild with partial rows keeps no state and publishes nothing,
 * so only its rows count.
 */
function everythingReplayed(live: Scenario, s: Scenario = live.replay()): Record<string, unknown> {
  return live.plan.rebuild === 'partial'
    ? { ...rowsOf(s), deadLetters: placesOf(s) }
    : everything(s);
}

function rowsOf(s: Scenario): Record<string, unknown> {
  const shown = s.plan.tables.filter(({ view }) => view !== null);
  return Object.fromEntries(
    shown.map(({ name }) => {
      const own = name === s.plan.name ? undefined : name.slice(s.plan.name.length + 1);
      return [name, sorted(s.rows(own))];
    }),
  );
}

function placesOf(s: Scenario): readonly string[] {
  return s
    .deadLetters()
    .map(({ topic, partition, offset, reason }) => `${topic}[${partition}]@${offset} ${reason}`)
    .sort();
}

/** Folds the log of a scenario in other batches, with crashes and repeated deliveries. */
function divided(live: Scenario, course: readonly Stretch[]): Scenario {
  const again = live.fresh();
  const { steps } = live;
  let flushed = 0;
  let crashes = 0;
  for (let at = 0, round = 0; at < steps.length; round += 1) {
    const { length, then } = course[round % Math.max(1, course.length)] ?? {
      length: 1,
      then: 'flush',
    };
    const stretch = steps.slice(at, at + length);
    again.foldSteps(stretch);
    at = Math.min(steps.length, at + length);
    if (then === 'again') again.foldSteps(stretch.filter(({ kind }) => kind === 'record'));
    if (then === 'flush') {
      again.flush();
      flushed = at;
    }
    if (then === 'crash' && crashes < CRASHES_MAX) {
      crashes += 1;
      again.restart();
      at = flushed;
    }
  }
  return again.flush();
}

/**
 * Runs for law 4: arrival in order of event time, against arrival delayed within the lateness. Does
 * not apply to tables, which fold in log order.
 */
function orderRun(
  plan: Plan,
  live: Scenario,
  { delays, partitions }: Pick<Variation, 'delays'> & { readonly partitions: number },
): [Law, () => unknown, unknown][] {
  if (plan.kind === 'table' || plan.latenessMs === 0) return [];
  const events = live.published();
  const arrival = (delayed: boolean) => {
    const moved = events.map(({ happening, timeMs }) => ({
      happening,
      // Ties of event time may fall back on the offset, so they have the same delay.
      atMs: timeMs + (delayed ? Math.floor(delayOf(timeMs, delays) * plan.latenessMs) : 0),
      timeMs,
    }));
    moved.sort((a, b) => a.atMs - b.atMs || (delayed ? 0 : a.timeMs - b.timeMs));
    return orderless(
      played(
        plan,
        moved.map(({ happening }) => happening),
        partitions,
      ),
    );
  };
  return [['order', () => arrival(true), arrival(false)]];
}

/** Spreads delays by a hash, so that regular times get different ones. */
function delayOf(timeMs: number, delays: readonly number[]): number {
  const mixed = Math.imul((timeMs / 1_000) ^ timeMs, 0x9e3779b1) >>> 8;
  return delays[mixed % Math.max(1, delays.length)] ?? 0;
}

/** Returns what must not depend on the order of arrival. */
function orderless(s: Scenario): Record<string, unknown> {
  const alerts = s.alerts().map(({ id: _id, value, ...alert }) =>
    // Alerts of sessions and matches may carry their ids.
    s.plan.kind === 'windowed' ? { ...alert, value } : alert,
  );
  const rows = s
    .rows()
    .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !POSITIONS.has(name))));
  return { rows: sorted(rows), alerts: sorted(alerts), stateSize: s.stateSize() };
}

function sorted(values: readonly unknown[]): readonly unknown[] {
  return values
    .map((value) => ({ value, text: textOf(value) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ value }) => value);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' ? `${each}n` : each,
  );
}
