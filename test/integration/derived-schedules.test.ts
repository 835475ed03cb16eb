import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionFor } from '../../src/log/partition-for.ts';
import type { StageName } from '../support/derived-kinds.ts';
import { FIRST_KINDS, SECOND_KINDS } from '../support/derived-kinds.ts';
import { expectAsOneFold } from '../support/derived-oracle.ts';
import type { DerivedSchedule } from '../support/derived-world.ts';
import { DerivedWorld } from '../support/derived-world.ts';
import { onEveryLog } from '../support/every-log.ts';
import { isLongRun, seed, within } from '../support/fault-run.ts';
import type { Fate, Moment } from '../support/frail-log.ts';

/** How many schedules: on the embedded default, and on Kafka. */
const SCHEDULES = Number(process.env['REPRISE_TEST_SCHEDULES'] ?? (isLongRun ? 1_000 : 100));
const ON_KAFKA = isLongRun ? 100 : 10;

/** A step of a schedule that may also happen during a round of the relay. */
type TaskStep =
  | {
      readonly do: 'append';
      readonly attempts: readonly { readonly visitor: number; readonly behindMs: number }[];
      readonly laterMs: number;
    }
  | {
      readonly do: 'fold';
      readonly stage: StageName;
      readonly task: number;
      readonly records: number;
      readonly flush: boolean;
    }
  | {
      readonly do: 'tick';
      readonly stage: StageName;
      readonly task: number;
      readonly quietMs: number;
    }
  | { readonly do: 'crash'; readonly stage: StageName; readonly task: number };

interface RelayStep {
  readonly do: 'relay';
  readonly fates: readonly Fate[];
  readonly meanwhile: { readonly at: Moment; readonly steps: readonly TaskStep[] } | null;
}

type Step = TaskStep | RelayStep;

const of = {
  stage: fc.constantFrom('first' as const, 'first' as const, 'second' as const),
  task: fc.nat(3),
};
const attempts = fc.array(
  fc.record({ visitor: fc.nat(9), behindMs: fc.constantFrom(0, 0, 300, 1_500, 4_000) }),
  { minLength: 1, maxLength: 6 },
);
const taskStep: fc.Arbitrary<TaskStep> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      attempts,
      laterMs: fc.constantFrom(200, 1_000, 3_000, 9_000),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('fold' as const),
      ...of,
      records: fc.integer({ min: 1, max: 8 }),
      flush: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      ...of,
      quietMs: fc.constantFrom(1_000, 3_000, 7_000, 20_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), ...of }) },
);
const meanwhile = fc.record({
  at: fc.constantFrom<Moment[]>('reading', 'sending'),
  steps: fc.array(taskStep, { minLength: 1, maxLength: 3 }),
});
const relay: fc.Arbitrary<RelayStep> = fc.record({
  do: fc.constant('relay' as const),
  fates: fc.array(fc.constantFrom<Fate[]>('told', 'told', 'told', 'untold', 'half', 'lost'), {
    maxLength: 4,
  }),
  meanwhile: fc.oneof(fc.constant(null), meanwhile),
});
const schedules = fc.record({
  stages: fc.record({
    first: fc.constantFrom(...FIRST_KINDS),
    second: fc.constantFrom(...SECOND_KINDS),
    lateness: fc.tuple(
      fc.constantFrom('0 seconds' as const, '2 seconds' as const),
      fc.constantFrom('0 seconds' as const, '0 seconds' as const, '2 seconds' as const),
    ),
  }),
  partitions: fc.tuple(fc.constantFrom(3, 4), fc.constantFrom(2, 3)),
  steps: fc.array(fc.oneof({ weight: 5, arbitrary: taskStep }, { weight: 1, arbitrary: relay }), {
    minLength: 10,
    maxLength: 40,
    size: 'max',
  }),
});

async function take(schedule: DerivedSchedule, step: Step): Promise<void> {
  switch (step.do) {
    case 'append':
      return schedule.append(step.attempts, step.laterMs);
    case 'fold':
      await schedule.fold(step.stage, step.task, step.records);
      return step.flush ? schedule.flush(step.stage, step.task) : undefined;
    case 'tick':
      return schedule.tick(step.stage, step.task, step.quietMs);
    case 'crash':
      return schedule.crash(step.stage, step.task);
    case 'relay': {
      const { fates, meanwhile } = step;
      if (meanwhile === null) return schedule.relay(fates);
      const act = async () => {
        for (const each of meanwhile.steps) await take(schedule, each);
      };
      return schedule.relay(fates, { at: meanwhile.at, act });
    }
  }
}

onEveryLog('two stages', ({ brokers }) => {
  let world: DerivedWorld;
  beforeAll(async () => {
    world = await DerivedWorld.open(brokers);
  });
  afterAll(() => world.close());

  test.each([
    ['a task that had nothing to say, and has not folded what came,', true],
    ['a partition that nobody has begun', false],
  ])(
    '%s holds the second stage',
    async (_, isBegun) => {
      const stages = {
        first: 'windows',
        second: 'windows',
        lateness: ['0 seconds', '0 seconds'],
      } as const;
      const schedule = await world.schedule(stages, [3, 1]);
      const taskOf = (visitor: number) => partitionFor(Buffer.from(`v${visitor}`), 3, 0);
      const slow = 0;
      const other = [1, 2, 3, 4, 5].find((visitor) => taskOf(visitor) !== taskOf(slow)) as number;
      for (const task of isBegun ? [0, 1, 2] : []) await schedule.tick('first', task, 1_000);
      await schedule.append([{ visitor: slow, behindMs: 0 }], 1_000);
      await schedule.append([{ visitor: other, behindMs: 0 }], 10_000);
      await schedule.append([{ visitor: other, behindMs: 0 }], 10_000);
      await schedule.fold('first', taskOf(other), 2);
      await schedule.flush('first', taskOf(other));
      await schedule.relay([]);
      await schedule.fold('second', 0, 1);
      await schedule.tick('second', 0, 20_000);
      await schedule.settle();
      expect(await expectAsOneFold(schedule, stages)).toBe(3);
      await schedule.forget();
    },
    60_000,
  );

  test.each(SECOND_KINDS)(
    'a second stage of %s opens again while the relay has not told it any time',
    async (second) => {
      const stages = { first: 'windows', second, lateness: ['0 seconds', '0 seconds'] } as const;
      const schedule = await world.schedule(stages, [3, 1]);
      // Of two partitions that hold records, one has not begun: it may publish anything.
      await schedule.append(
        [0, 4].map((visitor) => ({ visitor, behindMs: 0 })),
        200,
      );
      await schedule.tick('first', partitionFor(Buffer.from('v0'), 3, 0), 1_000);
      await schedule.tick('first', partitionFor(Buffer.from('v0'), 3, 0), 1_000);
      await schedule.relay([]);
      await schedule.fold('second', 0, 1);
      await schedule.flush('second', 0);
      schedule.crash('second', 0);
      await schedule.settle();
      expect(await expectAsOneFold(schedule, stages)).toBe(2);
      await schedule.forget();
    },
    60_000,
  );

  const numRuns = brokers === undefined ? SCHEDULES : ON_KAFKA;
  const timeLimit = 120_000 + numRuns * 2_000;
  test(`in ${numRuns} schedules give what one fold of the published events gives, and nothing late (seed ${seed})`, {
    timeout: timeLimit + 30_000,
  }, async () => {
    const seen = { events: 0, repeats: 0 };
    await fc.assert(
      fc.asyncProperty(schedules, async ({ stages, partitions, steps }) => {
        const schedule = await world.schedule(stages, partitions);
        for (const step of steps) await take(schedule, step);
        await schedule.settle();
        seen.events += await expectAsOneFold(schedule, stages);
        seen.repeats += schedule.repeats;
        await schedule.forget();
      }),
      { numRuns, seed, ...within(timeLimit) },
    );
    // The schedules are worth something: events were published, and some more than once.
    expect(seen.events).toBeGreaterThan(numRuns);
    if (numRuns >= 100) expect(seen.repeats).toBeGreaterThan(0);
  });
});
