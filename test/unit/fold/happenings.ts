import fc from 'fast-check';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import type { Happening } from '../../support/scenario-laws.ts';
import type { Read } from './readings-avro.ts';

/** REPRISE_TEST_RUNS times as many, for a long night. Default 1. */
export const runs = (numRuns: number) => ({
  numRuns: numRuns * Number(process.env['REPRISE_TEST_RUNS'] ?? 1),
});

const values = fc.oneof(
  fc.constantFrom(0.1, 1e17, -1e-9, 2 ** 80, -(2 ** 80), 0, 5e-324, 3),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
);

const happening = (events: readonly EventDefinition<Read>[]): fc.Arbitrary<Happening> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .record({
          event: fc.constantFrom(...events),
          user: fc.constantFrom('u', 'v'),
          kind: fc.constantFrom('A', 'B', 'C'),
          value: values,
          total: fc.option(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n })),
          page: fc.option(fc.constantFrom('/', '/a', '/b', 'ü')),
          atMs: fc.integer({ min: -50, max: 400 }),
          partition: fc.constantFrom(0, 0, 1),
        })
        .map(({ event, atMs, partition, ...value }) => ({
          kind: 'event' as const,
          event: event as EventDefinition,
          value: { ...value, at: new Date(atMs) },
          timestampMs: 400,
          partition,
        })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('tick' as const),
        partition: fc.constantFrom(0, 1),
        quietMs: fc.integer({ min: 1, max: 200 }),
      }),
    },
  );

/** Events of these definitions, and ticks, on two partitions. */
export const happenings = (events: readonly EventDefinition<Read>[], maxLength = 30) =>
  fc.array(happening(events), { maxLength });

/** An event that happens. */
export type Event = Extract<Happening, { kind: 'event' }>;

/** Events only, no two of one time: only ties may fall back on the offset. */
export function distinctTimes(log: readonly Happening[]): Event[] {
  const seen = new Set<number>();
  return log.filter((each): each is Event => {
    if (each.kind === 'tick') return false;
    const ms = (each.value['at'] as Date).getTime();
    if (seen.has(ms)) return false;
    seen.add(ms);
    return true;
  });
}

/** Events in the order of their times, no two of one time. */
export function inTimeOrder(log: readonly Happening[]): Event[] {
  return distinctTimes(log).sort((a, b) => Number(a.value['at']) - Number(b.value['at']));
}

/** The same in another order of arrival. */
export function shuffled(log: readonly Event[], order: readonly number[]): Event[] {
  return log
    .map((event, i) => ({ event, place: order[i] ?? i }))
    .sort((a, b) => a.place - b.place)
    .map(({ event }) => event);
}
