import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  begin,
  skipPastLastEvent,
  skipToFirst,
  skipToNext,
} from '../../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../../src/projection/declare/pattern-projection.ts';
import {
  courses,
  expectSameHowever,
  plainRows,
  play,
  positionless,
  printed,
} from '../../../support/scenario-laws.ts';
import { distinctTimes, happenings, runs, shuffled } from '../happenings.ts';
import { Read, Second } from '../readings-avro.ts';

const [A, B, C] = (['A', 'B', 'C'] as const).map((kind) => ({ where: { kind } })) as [
  { where: { kind: 'A' } },
  { where: { kind: 'B' } },
  { where: { kind: 'C' } },
];
const rises = { where: (event: Read, soFar: { a: Read }) => event.value > soFar.a.value };

const PATTERNS: Readonly<Record<string, unknown>> = {
  next: begin('a', A).next('b', B),
  'followed by': begin('a', A).followedBy('b', B).within(120),
  'followed by any': begin('a', A).followedByAny('b', B).within(60),
  'a loop': begin('a', A).followedBy('bs', B).oneOrMore().followedBy('c', C).within(200),
  'a greedy loop': begin('a', A).next('bs', B).timesOrMore(2).greedy().within(200),
  'combinations, skipping': begin('a', A)
    .followedBy('bs', B)
    .times(2)
    .allowCombinations()
    .within(150)
    .afterMatch(skipPastLastEvent()),
  'not next': begin('a', A).notNext('b', B).followedBy('c', C).within(200),
  absence: begin('a', A).notFollowedBy('b', B).within(50),
  'what came before': begin('a').next('b', rises as never),
  'matches that wait for earlier ones': begin('a')
    .followedBy('b', rises as never)
    .within(120)
    .afterMatch(skipPastLastEvent()),
  'absences that wait for earlier ones': begin('a', A)
    .followedBy('c', C)
    .optional()
    .notFollowedBy('b', B)
    .within(90)
    .within(40, 'betweenSteps')
    .afterMatch(skipToNext()),
  'an optional step, between neighbours': begin('a', A)
    .followedBy('b', B)
    .optional()
    .followedBy('c', C)
    .within(60, 'betweenSteps')
    .afterMatch(skipToFirst('a')),
};

function matching(pattern: unknown, lateness: number) {
  return new (class Matches extends PatternProjection {
    readonly name = 'matches';
    readonly version = 1;
    define() {
      return this.from(Read, Second)
        .key('user')
        .pattern(pattern as never, { lateness })
        .row(((match: { a: Read }) => ({ firstValue: match.a.value })) as never)
        .alert(Read, ((match: { a: Read }) => match.a) as never) as never;
    }
  })();
}

describe.each(Object.entries(PATTERNS))('%s', (_name, pattern) => {
  test('matches what the plain fold finds, and the same in every replay and division (laws 1, 2, 5, 7)', () => {
    fc.assert(
      fc.property(
        happenings([Read, Second], 14),
        fc.constantFrom(0, 20, 1_000),
        courses,
        (log, lateness, course) => {
          const s = play(matching(pattern, lateness), log);
          expect(printed(s.rows())).toEqual(printed(plainRows(s, log)));
          expect(s.alerts()).toHaveLength(s.rows().length);
          const { live, replayed, divided } = expectSameHowever(s, course);
          expect(replayed).toEqual(live);
          expect(divided).toEqual(live);
        },
      ),
      runs(120),
    );
  });

  test('does not show the order of arrival inside the lateness (law 4)', () => {
    fc.assert(
      fc.property(happenings([Read, Second], 14), fc.array(fc.nat()), (log, order) => {
        const inTime = distinctTimes(log);
        const flushOut = { kind: 'tick' as const, partition: 0, quietMs: 100_000 };
        const [one, other] = [inTime, shuffled(inTime, order)].map((each) =>
          play(matching(pattern, 10_000), [...each, flushOut, { ...flushOut, partition: 1 }]),
        );
        expect(positionless(other as never)).toEqual(positionless(one as never));
      }),
      runs(80),
    );
  });

  test('loses no late event: it lies in late_events (law 5)', () => {
    fc.assert(
      fc.property(happenings([Read, Second], 20), (log) => {
        const events = log.filter((each) => each.kind === 'event');
        const s = play(matching(pattern, 0), events);
        const latest = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
        let late = 0;
        for (const { value, partition } of events) {
          const ms = (value['at'] as Date).getTime();
          if (ms < (latest[partition] as number)) late += 1;
          latest[partition] = Math.max(latest[partition] as number, ms);
        }
        expect(s.lateEvents()).toHaveLength(late);
      }),
      runs(60),
    );
  });
});
