import fc from 'fast-check';
import { Decimal } from '../../../src/event/decimal.ts';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { avg, count, max, min, sum } from '../../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import type { WindowedPlan } from '../../../src/projection/plan/plan.ts';
import { type KeyField, type Reading, readings, type TimeField } from './readings.ts';

/** What a random plan is made of. */
export interface PlanChoice {
  readonly keys: readonly KeyField[];
  readonly time: TimeField;
  readonly where: readonly unknown[];
  readonly sizeMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
  readonly measures: readonly string[];
}

const SUMS = ['number', 'value', 'amount', 'ratio', 'total', 'extra', 'price', 'cost'] as const;
const MEASURES = {
  events: count(),
  ...Object.fromEntries(SUMS.map((field) => [`${field}Sum`, sum(field)])),
  ...Object.fromEntries(SUMS.map((field) => [`${field}Avg`, avg(field)])),
  ...Object.fromEntries([...SUMS, 'seenAt', 'stamp'].map((field) => [`${field}Min`, min(field)])),
  ...Object.fromEntries([...SUMS, 'seenAt', 'stamp'].map((field) => [`${field}Max`, max(field)])),
  // Two of the same state.
  again: count(),
  valueSumAgain: sum('value'),
  totalMinAgain: min('total'),
};

const FILTERS: readonly unknown[] = [
  { grade: 'MID' },
  { grade: ['LOW', 'HIGH'] },
  { grade: { not: 'LOW' } },
  { userId: ['a', null, '💥'] },
  { userId: { not: null } },
  { userId: { not: ['a', 'b', 'ключ'] } },
  { flag: true },
  { day: ['1969-12-31', '2024-02-29'] },
  { number: { gt: -1 } },
  { value: { gte: 0, lt: 1e300 } },
  { value: { lte: Infinity } },
  { value: { gt: Infinity } },
  { value: [Number.NaN, 0, null] },
  { value: { not: -0 } },
  { total: { gt: -(2n ** 53n) - 1n } },
  { total: [0n, 2n ** 63n - 1n, 2n ** 53n] },
  { extra: { lt: 2n ** 62n } },
  { price: { gte: Decimal.fromString('-0.00005') } },
  { price: { not: Decimal.fromString('1') } },
  { price: [Decimal.fromString('0.0'), null] },
  { cost: { lt: Decimal.fromString('0.5') } },
  { seenAt: { lte: new Date(0) } },
  { at: { not: null } },
  { stamp: { gt: 0n } },
  { grade: { not: 'HIGH' }, flag: false },
  ({ total, value }: Reading) => total % 2n === 0n || value === null,
  ({ price }: Reading) => {
    if (price === null) throw new Error('no price');
    return true;
  },
];

/** Random plans: one to three key fields, filters of every kind, all measures. */
export const planChoice: fc.Arbitrary<PlanChoice> = fc.record({
  keys: fc.oneof(
    fc.constant<KeyField[]>(['userId']),
    fc.uniqueArray(
      fc.constantFrom<KeyField[]>('userId', 'tenant', 'grade', 'day', 'flag', 'number'),
      { minLength: 1, maxLength: 3 },
    ),
  ),
  time: fc.constantFrom<TimeField[]>('at', 'stamp', null),
  where: fc.oneof(
    fc.constant([]),
    fc.uniqueArray(fc.constantFrom(...FILTERS), { minLength: 1, maxLength: 2 }),
  ),
  sizeMs: fc.constantFrom(1, 777, 1_000, 60_000, 3_600_000),
  offsetMs: fc.constantFrom(0, 1, -13, 30_000),
  latenessMs: fc.constantFrom(0, 1, 10_000, 120_000, 10_000_000),
  measures: fc.oneof(
    fc.constant(Object.keys(MEASURES)),
    fc.subarray(Object.keys(MEASURES), { minLength: 1 }),
  ),
});

/** Compiles the plan that was chosen. */
export function planOf(choice: PlanChoice): WindowedPlan {
  const { keys, time, where, sizeMs, offsetMs, latenessMs, measures } = choice;
  // Fields come by name at run time; what the compiler would check is checked in test/types.
  const event = readings(keys[0] ?? 'userId', time) as EventDefinition as EventDefinition<
    Record<string, number>
  >;
  class Readings extends WindowedProjection {
    readonly name = 'readings';
    readonly version = 1;
    define() {
      const keyed = this.from(event).key(...(keys as [string, ...string[]]));
      const kept = where.reduce<typeof keyed>((step, each) => step.where(each as never), keyed);
      return kept
        .window(tumbling(sizeMs, { offset: offsetMs }), { lateness: latenessMs })
        .measure(
          Object.fromEntries(Object.entries(MEASURES).filter(([name]) => measures.includes(name))),
        );
    }
  }
  return compileProjection(new Readings()) as WindowedPlan;
}
