import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { EventClock } from '../../../../src/fold/batch/event-clock.ts';
import { createTaskFold } from '../../../../src/fold/create-task-fold.ts';
import { GeneratedFold } from '../../../../src/fold/generated/generated-fold.ts';
import { foldInterpreted } from '../../../../src/fold/oracle/fold-interpreted.ts';
import { Keys } from '../../../../src/fold/rows/keys.ts';
import { WindowRows } from '../../../../src/fold/windowed/window-rows.ts';
import type { WindowedPlan } from '../../../../src/projection/plan/plan.ts';
import { changedRows, feed, mergeParts, startingAt } from '../drive.ts';
import type { PlanChoice } from '../plans.ts';
import { planChoice, planOf } from '../plans.ts';
import type { Logged } from '../readings.ts';
import { anyReadings, batchOf, logOf, plain, SCHEMA_TEXT } from '../readings.ts';
import { printRow, StoredTable } from '../stored-table.ts';

/** Measures that statements are generated for. */
const GENERATED = [
  'events',
  'again',
  'valueSum',
  'valueAvg',
  'valueMin',
  'amountSum',
  'amountMax',
  'ratioSum',
  'ratioMin',
];

/** Plans that are folded by generated code. */
const generated: fc.Arbitrary<PlanChoice> = fc.record({
  keys: fc.constant<PlanChoice['keys']>(['userId']),
  time: fc.constantFrom<PlanChoice['time'][]>('at', null),
  where: fc.constant([]),
  sizeMs: fc.constantFrom(1, 777, 60_000, 3_600_000),
  offsetMs: fc.constantFrom(0, 1, -13),
  latenessMs: fc.constantFrom(0, 10_000, 10_000_000),
  measures: fc.subarray(GENERATED, { minLength: 1 }),
});

const ordinary: PlanChoice = {
  keys: ['userId'],
  time: 'at',
  where: [],
  sizeMs: 1_234, // no other plan here has it: its code is not made yet
  offsetMs: 0,
  latenessMs: 0,
  measures: ['events'],
};

/** A rebuild's fold, a few records at a time: its rows, what it refused, its clock. */
function rebuilt(
  plan: WindowedPlan,
  log: readonly Logged[],
  options: { readonly size: number; readonly generatedCode: boolean },
) {
  const { size, generatedCode } = options;
  const fold = createTaskFold(plan, { clock: startingAt(null), mode: 'partial', generatedCode });
  const letters = [];
  for (let from = 0; from < log.length; from += size) {
    letters.push(...feed(fold, log.slice(from, from + size), new StoredTable(plan.table)));
  }
  const { maxEventTimeMs, watermarkMs, lateCount, rowCount } = fold;
  const parts = changedRows(fold);
  const table = mergeParts(plan, parts);
  return {
    printed: table.printed(),
    view: table.view(),
    letters,
    maxEventTimeMs,
    watermarkMs,
    lateCount,
    rowCount,
  };
}

it('folds any log through any plan as the columnar fold does', () => {
  fc.assert(
    fc.property(
      fc.oneof({ arbitrary: generated, weight: 3 }, planChoice),
      anyReadings(40),
      fc.constantFrom(1, 3, 40),
      (choice, readings, size) => {
        const plan = planOf(choice);
        const log = logOf(readings);
        const byCode = rebuilt(plan, log, { size, generatedCode: true });
        expect(byCode).toEqual(rebuilt(plan, log, { size, generatedCode: false }));
        const interpreted = foldInterpreted(plan, log).map((row) => printRow(plan.table, row));
        expect(byCode.view).toEqual(interpreted.sort());
      },
    ),
    { numRuns: 300 },
  );
});

it('generates code for ordinary records, and leaves none of them to the columnar fold', () => {
  const plan = planOf({
    keys: ['userId'],
    time: 'at',
    where: [],
    sizeMs: 60_000,
    offsetMs: 0,
    latenessMs: 0,
    measures: GENERATED,
  });
  const fold = generatedFold(plan);
  fold?.resolve(7, SCHEMA_TEXT);
  const left: number[] = [];
  const at = (ms: number) => ({ event: { ...plain, at: new Date(ms) }, timestampMs: ms, gap: 0 });
  const log = logOf([at(60_000), at(0), { ...at(1), event: null }, at(5), at(70_000)]);
  const { lateCount } = fold?.fold(batchOf(log), (part) => {
    left.push(...part.offsets);
    return [];
  }) ?? { lateCount: -1 };
  expect({ left, lateCount }).toEqual({ left: [2], lateCount: 2 });
});

it('leaves everything to the columnar fold where the host forbids code from text', () => {
  vi.stubGlobal('Function', function forbidden() {
    throw new EvalError('Code generation from strings disallowed for this context');
  });
  try {
    const fold = generatedFold(planOf(ordinary));
    fold?.resolve(7, SCHEMA_TEXT);
    const left: number[] = [];
    fold?.fold(batchOf(logOf([{ event: plain, timestampMs: 0, gap: 0 }])), (part) => {
      left.push(...part.offsets);
      return [];
    });
    expect(left).toEqual([0]);
  } finally {
    vi.unstubAllGlobals();
  }
});

it.each([
  ['a filter', { where: [{ grade: 'MID' }] }],
  ['a key of two fields', { keys: ['userId', 'tenant'] }],
  ['a sum of longs', { measures: ['totalSum'] }],
] as const)('generates nothing for a plan with %s', (_what, change) => {
  expect(generatedFold(planOf({ ...ordinary, ...change }))).toBeNull();
});

function generatedFold(plan: WindowedPlan): GeneratedFold | null {
  return GeneratedFold.of(plan, {
    keys: new Keys(plan.keys),
    rows: new WindowRows(plan),
    clock: new EventClock(plan, startingAt(null)),
  });
}
