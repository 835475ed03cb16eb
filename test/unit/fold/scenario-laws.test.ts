import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import {
  aggregate,
  avg,
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  min,
  stddev,
  sum,
  topK,
  variance,
} from '../../../src/projection/declare/aggregates.ts';
import { double } from '../../../src/projection/declare/columns.ts';
import { SessionProjection } from '../../../src/projection/declare/session-projection.ts';
import { customWindows, sliding, tumbling } from '../../../src/projection/declare/window.ts';
import type { WindowOptions } from '../../../src/projection/declare/windowed-projection.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import { zScore } from '../../../src/projection/declare/z-score.ts';
import type { WindowedPlan } from '../../../src/projection/plan/plan.ts';
import type { Projection } from '../../../src/projection/plan/projection.ts';
import type { WindowPlan } from '../../../src/projection/plan/window-plan.ts';
import {
  courses,
  expectSameHowever,
  plainAlerts,
  plainRows,
  play,
  positionless,
  printed,
} from '../../support/scenario-laws.ts';
import { distinctTimes, happenings, inTimeOrder, runs, shuffled } from './happenings.ts';
import { Other, Read, Second } from './readings-avro.ts';

const MEASURES = {
  n: count(),
  some: count({ where: { kind: 'A' } }),
  seconds: count({ of: Second }),
  total: sum('total'),
  exact: sum('value'),
  mean: avg('value'),
  meanOfA: avg('value', { where: { kind: ['A', 'B'] } }),
  low: min('total'),
  high: max('value'),
  entry: first('page'),
  exit: last('page'),
  firstValue: first('value'),
  pages: countDistinct('page'),
  top: topK('page', 2),
  early: collect('total', 3),
  spread: variance('value'),
  deviation: stddev('total'),
  own: aggregate<Read, number, number>({
    zero: 0,
    add: (state, event) => Math.max(state, event.value),
    merge: Math.max,
    result: (state) => state * 2,
    column: double(),
  }),
} as const;

/** The seconds measure is only for projections that read Second. */
const { seconds: _seconds, ...ONE_EVENT_MEASURES } = MEASURES;

function windowed(window: WindowPlan, options: WindowOptions): Projection {
  return new (class Windows extends WindowedProjection {
    readonly name = 'windows';
    readonly version = 1;
    define() {
      const step = this.from(Read, Second, Other)
        .key('user')
        .where({ kind: ['A', 'B'] });
      return step
        .window(window, options)
        .measure({ ...MEASURES, score: zScore('exact') } as never)
        .onClose(Read as EventDefinition<Read>, (row) => {
          const shown = row as unknown as { user: string; n: bigint; window_end: Date };
          return {
            user: shown.user,
            kind: 'A' as const,
            value: Number(shown.n),
            total: null,
            page: null,
            at: shown.window_end,
          };
        }) as never;
    }
  })();
}

function mergeable(window: WindowPlan, options: WindowOptions): Projection {
  return new (class Windows extends WindowedProjection {
    readonly name = 'windows';
    readonly version = 1;
    define() {
      return this.from(Read)
        .key('user')
        .window(window, options)
        .measure(ONE_EVENT_MEASURES as never);
    }
  })();
}

function sessions(options: object): Projection {
  return new (class Sessions extends SessionProjection {
    readonly name = 'sessions';
    readonly version = 1;
    define() {
      return this.from(Read, Second, Other)
        .key('user')
        .where({ kind: ['A', 'B'] })
        .session(options as never)
        .measure(MEASURES as never)
        .onClose(Read as EventDefinition<Read>, (row) => {
          const shown = row as unknown as { user: string; n: bigint; ended_at: Date };
          return {
            user: shown.user,
            kind: 'A' as const,
            value: Number(shown.n),
            total: null,
            page: null,
            at: shown.ended_at,
          };
        }) as never;
    }
  })();
}

const THREE = [Read, Second, Other];
const lateness = fc.constantFrom(0, 20, 1_000);
const WINDOWS: Readonly<Record<string, WindowPlan>> = {
  tumbling: tumbling(50, { offset: 7 }),
  sliding: sliding(60, { every: 20 }),
  'sliding with gaps': sliding(30, { every: 45 }),
  'sliding that does not divide': sliding(50, { every: 20 }),
  custom: customWindows<Read>((ms, { value }) =>
    value < 0
      ? [{ start: ms - 10, end: ms + 30 }]
      : [
          { start: Math.floor(ms / 100) * 100, end: Math.floor(ms / 100) * 100 + 100 },
          { start: Math.floor(ms / 100) * 100, end: Math.floor(ms / 100) * 100 + 150 },
        ],
  ),
};

describe.each(Object.entries(WINDOWS))('%s windows', (_name, window) => {
  const options = fc.record({
    lateness,
    late: fc.constantFrom('revise' as const, 'reject' as const),
    emit: fc.constantFrom('update' as const, 'onClose' as const),
  });

  test('are what the plain fold gives, and the same in every replay and division (laws 1, 2, 5, 7)', () => {
    fc.assert(
      fc.property(happenings(THREE), options, courses, (log, choice, course) => {
        const s = play(windowed(window, choice), log);
        expect(printed(s.rows())).toEqual(printed(plainRows(s, log)));
        const alerts = s
          .alerts()
          .map(({ event, value, timestampMs }) => ({ event, value, timestampMs }));
        expect(alerts).toEqual(plainAlerts(s.plan as WindowedPlan, log));
        const { live, replayed, divided } = expectSameHowever(s, course);
        expect(replayed).toEqual(live);
        expect(divided).toEqual(live);
        if (choice.late === 'revise') expect(s.lateEvents()).toEqual([]);
        // A scenario spoils each batch once it is folded: what is kept of one must be a copy. 0:
        // Confluent's first byte.
        for (const { payload } of s.lateEvents()) expect(payload?.[0]).toBe(0);
      }),
      runs(150),
    );
  });

  test('rebuilt by partial rows are the same', () => {
    fc.assert(
      fc.property(happenings([Read]), options, courses, (log, choice, course) => {
        const s = play(mergeable(window, { ...choice, emit: 'update' }), log);
        expect(printed(s.rows())).toEqual(printed(plainRows(s, log)));
        const { live, replayed, divided } = expectSameHowever(s, course);
        const rows = (shown: unknown) => (shown as { rows: unknown }).rows;
        expect(rows(replayed)).toEqual(rows(live));
        expect(rows(divided)).toEqual(rows(live));
      }),
      runs(100),
    );
  });

  test('do not show the order of arrival inside the lateness (law 4)', () => {
    fc.assert(
      fc.property(happenings(THREE), fc.array(fc.nat()), (log, order) => {
        const inTime = distinctTimes(log);
        const projection = () => windowed(window, { lateness: 10_000 });
        const one = play(projection(), inTime);
        const other = play(projection(), shuffled(inTime, order));
        expect(positionless(other)).toEqual(positionless(one));
      }),
      runs(100),
    );
  });
});

describe('sessions', () => {
  const options = fc.record({
    gap: fc.constantFrom<unknown>(20, 45, (event: Read) => (event.kind === 'A' ? 10 : 60)),
    lateness,
    late: fc.constantFrom('revise' as const, 'reject' as const),
  });

  test('are what the plain fold gives, and the same in every replay and division (laws 1, 2, 5, 7)', () => {
    fc.assert(
      fc.property(happenings(THREE), options, courses, (log, choice, course) => {
        const s = play(sessions(choice), log);
        expect(printed(s.rows())).toEqual(printed(plainRows(s, log)));
        const { live, replayed, divided } = expectSameHowever(s, course);
        expect(replayed).toEqual(live);
        expect(divided).toEqual(live);
        if (choice.late === 'revise') expect(s.lateEvents()).toEqual([]);
      }),
      runs(300),
    );
  });

  test('split by length are what the plain fold gives', () => {
    fc.assert(
      fc.property(happenings(THREE), courses, (log, course) => {
        const inOrder = inTimeOrder(log);
        const s = play(sessions({ gap: 45, maxLength: 60 }), inOrder);
        expect(printed(s.rows())).toEqual(printed(plainRows(s, inOrder)));
        const { live, replayed, divided } = expectSameHowever(s, course);
        expect(replayed).toEqual(live);
        expect(divided).toEqual(live);
      }),
      runs(150),
    );
  });

  test('do not show the order of arrival inside the lateness (law 4)', () => {
    fc.assert(
      fc.property(happenings(THREE), options, fc.array(fc.nat()), (log, choice, order) => {
        const inTime = distinctTimes(log);
        const projection = () => sessions({ ...choice, lateness: 10_000 });
        const one = play(projection(), inTime);
        const other = play(projection(), shuffled(inTime, order));
        expect(positionless(other)).toEqual(positionless(one));
      }),
      runs(150),
    );
  });
});
