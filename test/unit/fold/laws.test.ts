import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WindowedPlan } from '../../../src/projection/plan/plan.ts';
import type { AfterBatch, Course } from './drive.ts';
import { atOnce, foldLive, foldPartially, mergeParts } from './drive.ts';
import { planChoice, planOf } from './plans.ts';
import type { LoggedReading } from './readings.ts';
import { anyReadings, bases, logOf, readingNear } from './readings.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
const course: fc.Arbitrary<Course> = fc.record({
  sizes,
  after: fc.array(fc.constantFrom<AfterBatch[]>('go on', 'flush', 'flush and crash', 'crash'), {
    minLength: 1,
    maxLength: 8,
  }),
});

/** Readings with an order of arrival: by a random number each. */
const shuffled = <Value>(values: readonly Value[], by: readonly number[]): Value[] =>
  [...values.keys()]
    .sort((a, b) => (by[a % by.length] ?? 0) - (by[b % by.length] ?? 0))
    .map((i) => values[i] as Value);
const order = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  minLength: 60,
  maxLength: 60,
});

/** The event time that the plan sees. */
function timeOf(plan: WindowedPlan, { event, timestampMs }: LoggedReading): number {
  const field = plan.sources[0]?.event.timeField;
  if (event === null || field === undefined) return timestampMs;
  if (field === 'at') return event.at?.getTime() ?? timestampMs;
  return Math.floor(Number(event.stamp) / 1000);
}

describe('law 2: batching is invisible', () => {
  it('gives the same bits for any batches, flushes and crashes', () => {
    fc.assert(
      fc.property(planChoice, anyReadings(50), course, (choice, readings, course) => {
        const plan = planOf(choice);
        const log = logOf(readings);
        const whole = foldLive(plan, log);
        const pieces = foldLive(plan, log, course);
        expect(pieces.table.printed()).toEqual(whole.table.printed());
        expect(pieces.fold.watermarkMs).toBe(whole.fold.watermarkMs);
        expect(pieces.deadLetters.map(({ offset, reason }) => `${offset} ${reason}`)).toEqual(
          whole.deadLetters.map(({ offset, reason }) => `${offset} ${reason}`),
        );
      }),
      { numRuns: 350 },
    );
  });

  it('gives the same bits for partial rows merged in any order', () => {
    fc.assert(
      fc.property(planChoice, anyReadings(50), course, order, (choice, readings, course, by) => {
        const plan = planOf(choice);
        const log = logOf(readings);
        const parts = foldPartially(plan, log, course);
        const live = foldLive(plan, log, atOnce).table.printed();
        expect(mergeParts(plan, shuffled(parts, by)).printed()).toEqual(live);
        // Merging is associative: parts of parts give the same.
        const half = Math.floor(parts.length / 2);
        const twice = [parts.slice(0, half), parts.slice(half)].map((some) =>
          mergeParts(plan, some).all(),
        );
        expect(mergeParts(plan, twice).printed()).toEqual(live);
      }),
      { numRuns: 220 },
    );
  });
});

describe('law 4: order of arrival is invisible', () => {
  it('inside the lateness, to every bit', () => {
    fc.assert(
      fc.property(planChoice, anyReadings(50), order, order, (choice, readings, one, other) => {
        const latenessMs = Math.max(choice.latenessMs, 1000);
        const plan = planOf({ ...choice, latenessMs });
        const arriving = (by: readonly number[]) => {
          const delayed = readings.map((reading, i) => ({
            reading: { ...reading, gap: 0 },
            at: timeOf(plan, reading) + (by[i] ?? 0) * latenessMs,
          }));
          return logOf(delayed.sort((a, b) => a.at - b.at).map(({ reading }) => reading));
        };
        const expected = foldLive(plan, arriving(one));
        const actual = foldLive(plan, arriving(other));
        expect(actual.table.printed()).toEqual(expected.table.printed());
        expect(actual.fold.lateCount).toBe(0);
        expect(actual.table.view().every((row) => row.endsWith('revised_at_offset null'))).toBe(
          true,
        );
      }),
      { numRuns: 220 },
    );
  });

  it('beyond it, to everything but the mark of revision', () => {
    fc.assert(
      fc.property(planChoice, anyReadings(50), order, (choice, readings, by) => {
        const plan = planOf(choice);
        const expected = foldLive(plan, logOf(readings)).table;
        const actual = foldLive(plan, logOf(shuffled(readings, by))).table;
        expect(actual.printed('revised_at_offset')).toEqual(expected.printed('revised_at_offset'));
      }),
      { numRuns: 220 },
    );
  });
});

describe('law 5: late is never lost', () => {
  it('folds a late event into its row and marks the row with its offset', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...bases).chain((base) => fc.tuple(readingNear(base), readingNear(base))),
        ([first, second]) => {
          fc.pre(first.event !== null && second.event !== null);
          const plan = planOf({
            keys: ['tenant'],
            time: null,
            where: [],
            sizeMs: 1000,
            offsetMs: 0,
            latenessMs: 500,
            measures: ['events'],
          });
          const at = (timestampMs: number) => ({ ...first, timestampMs, gap: 3 });
          const base = Math.floor(second.timestampMs / 1000) * 1000;
          const log = logOf([at(base), at(base + 1499), at(base + 999), at(base + 1500), at(base)]);
          const { table, fold } = foldLive(plan, log);
          expect(fold.lateCount).toBe(1);
          expect(table.view().map((row) => row.replace(/.*(events)/, '$1'))).toEqual([
            `events 3n; revised_at_offset ${log[4]?.record.offset}n`,
            'events 2n; revised_at_offset null',
          ]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
