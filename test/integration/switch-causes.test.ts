import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEveryLog } from '../support/every-log.ts';
import { isLongRun, seed, within } from '../support/fault-run.ts';
import { ALERT_KINDS } from '../support/switch-kinds.ts';
import type { Schedule } from '../support/switch-world.ts';
import { SwitchWorld } from '../support/switch-world.ts';

const T = Date.UTC(2026, 0, 1);

/** How many schedules of all kinds together: on the embedded default, and on Kafka. */
const SCHEDULES = Number(process.env['REPRISE_TEST_SCHEDULES'] ?? (isLongRun ? 5_000 : 300));
const ON_KAFKA = isLongRun ? 100 : 20;
const SCHEDULES_IN_WORLD = 200;

/**
 * One step of a schedule. `version`: which of those there are; `choice`: which of its dead letters.
 */
type Step =
  | {
      readonly do: 'append';
      readonly attempts: readonly {
        readonly user: number;
        readonly fails: boolean;
        readonly behindMs: number;
        readonly breaks: number;
      }[];
      readonly laterMs: number;
    }
  | {
      readonly do: 'fold';
      readonly version: number;
      readonly records: number;
      readonly flush: boolean;
    }
  | { readonly do: 'tick'; readonly version: number; readonly quietMs: number }
  | { readonly do: 'redrive'; readonly version: number; readonly choice: number }
  | { readonly do: 'activate' | 'retire' | 'crash'; readonly version: number }
  | { readonly do: 'discard'; readonly choice: number }
  | { readonly do: 'build' | 'rollback' | 'publish' };

const version = fc.nat(2);
const attempts = fc.array(
  fc.record({
    user: fc.nat(1),
    fails: fc.boolean(),
    behindMs: fc.constantFrom(0, 0, 1_000, 4_000, 9_000),
    breaks: fc.constantFrom(0, 0, 0, 2, 4, 6, 8, 14),
  }),
  { minLength: 1, maxLength: 4 },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      attempts,
      laterMs: fc.constantFrom(1_000, 3_000, 8_000, 20_000),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('fold' as const),
      version,
      records: fc.integer({ min: 1, max: 8 }),
      flush: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      version,
      quietMs: fc.constantFrom(2_000, 6_000, 12_000, 25_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('redrive' as const), version, choice: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const), choice: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('activate' as const), version }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retire' as const), version }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), version }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('build' as const, 'rollback' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('publish' as const) }) },
);

const schedules = fc.record({
  kind: fc.constantFrom(...ALERT_KINDS),
  latenesses: fc.constantFrom(
    ['0 seconds'],
    ['5 seconds'],
    ['0 seconds', '5 seconds'],
    ['5 seconds', '1 second'],
  ),
  begins: fc.constantFrom('run' as const, 'rebuild' as const),
  steps: fc.array(step, { minLength: 8, maxLength: 30, size: 'max' }),
});

const VERSIONS_MAX = 3;

async function take(schedule: Schedule, clock: { nowMs: number }, each: Step): Promise<void> {
  const { versions } = schedule;
  if ('version' in each && versions.length === 0) return;
  const chosen = 'version' in each ? (versions[each.version % versions.length] as number) : 0;
  switch (each.do) {
    case 'append':
      clock.nowMs += each.laterMs;
      return schedule.append(
        each.attempts.map(({ behindMs, ...attempt }) => ({
          ...attempt,
          atMs: clock.nowMs - behindMs,
        })),
      );
    case 'fold':
      await schedule.fold(chosen, each.records);
      return each.flush ? schedule.flush(chosen) : undefined;
    case 'tick':
      return schedule.tick(chosen, each.quietMs);
    case 'redrive':
      return schedule.redrive(chosen, each.choice);
    case 'discard':
      return schedule.discard(each.choice);
    case 'activate':
      return schedule.activate(chosen);
    case 'retire':
      return schedule.retire(chosen);
    case 'crash':
      return schedule.crash(chosen);
    case 'build':
      return versions.length < VERSIONS_MAX ? schedule.build('rebuild') : undefined;
    case 'rollback':
      return schedule.rollback();
    case 'publish':
      return schedule.publish();
  }
}

onEveryLog('alerts around switches', ({ brokers }) => {
  let world: SwitchWorld;
  beforeAll(async () => {
    world = await SwitchWorld.open(brokers);
  });
  afterAll(() => world.close());

  /** Tables and topics of many schedules slow a database down: now and then there is a new one. */
  let begun = 0;
  const freshWorld = async () => {
    begun += 1;
    if (begun % SCHEDULES_IN_WORLD !== 0) return;
    console.log(`${begun} schedules`);
    await world.close();
    world = await SwitchWorld.open(brokers);
  };

  const numRuns = brokers === undefined ? SCHEDULES : ON_KAFKA;
  const timeLimit = 120_000 + numRuns * 2_000;
  test(`${numRuns} schedules publish what whichever version was active at its cause emits, none twice, none missing (seed ${seed})`, {
    timeout: timeLimit + 30_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async ({ kind, latenesses, begins, steps }) => {
        await freshWorld();
        const schedule = await world.schedule(kind, latenesses);
        const clock = { nowMs: T };
        await schedule.build(begins);
        for (const each of steps) await take(schedule, clock, each);
        await schedule.settle();
        const { published, model } = schedule;
        expect([...published].sort()).toEqual([...model.published].sort());
        expect(new Set(published).size).toBe(published.length);
        if (model.active !== null)
          expect(published).toEqual(expect.arrayContaining([...model.certain()]));
        await schedule.forget();
      }),
      { numRuns, seed, ...within(timeLimit) },
    );
  });
});
