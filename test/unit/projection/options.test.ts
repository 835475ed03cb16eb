import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../src/event/decimal.ts';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { count, quantile, sum } from '../../../src/projection/declare/aggregates.ts';
import {
  boolean,
  columns,
  date,
  decimal,
  int,
  json,
  text,
} from '../../../src/projection/declare/columns.ts';
import { ingestionTime } from '../../../src/projection/declare/declared-sources.ts';
import { begin } from '../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import { zScore } from '../../../src/projection/declare/z-score.ts';
import { QuietTime } from '../../../src/runner/live/quiet-time.ts';
import { scenario } from '../../../src/testing/scenario.ts';
import { Read, Second } from '../fold/readings-avro.ts';

const at = (user: string, atMs: number, more: Partial<Read> = {}) => ({
  user,
  kind: 'A' as const,
  value: 1,
  total: null,
  page: null,
  at: atMs,
  ...more,
});
const published = (row: unknown): Read => {
  const { user, n } = row as { user: string; n: bigint };
  return { user, kind: 'A', value: Number(n), total: null, page: null, at: new Date(0) };
};

describe('options of windows', () => {
  const windows = (options: object, onRevise?: boolean) =>
    new (class extends WindowedProjection {
      readonly name = 'windows';
      readonly version = 1;
      define() {
        return this.from(Read)
          .key('user')
          .window(tumbling(100), options)
          .measure({ n: count() })
          .onClose(Read, published, onRevise === undefined ? {} : { onRevise });
      }
    })();

  it('onRevise: a late event is published as a correction only where that is asked for', () => {
    for (const [asked, values] of [
      [undefined, [1]],
      [false, [1]],
      [true, [1, 2]],
    ] as const) {
      const s = scenario(windows({}, asked));
      s.publish(Read, at('u', 0)).publish(Read, at('u', 150)).publish(Read, at('u', 50));
      expect(s.alerts(Read).map(({ value }) => value)).toEqual(values);
      expect(s.replay().alerts()).toEqual(s.alerts());
    }
  });

  it('maxDrift: an event is set aside as FUTURE only beyond it', () => {
    for (const [maxDrift, reasons] of [
      ['1 minute', ['FUTURE']],
      ['2 minutes', []],
    ] as const) {
      const s = scenario(windows({ maxDrift }));
      s.publish(Read, at('u', 90_000), { timestamp: 0 });
      expect(s.deadLetters().map(({ reason }) => reason)).toEqual(reasons);
    }
  });

  it("idle: 'off' never ticks, where a close would", () => {
    const idleOf = (options: object) => compileProjection(windows(options)).idleMs;
    expect(idleOf({})).toBe(10_000);
    expect(idleOf({ idle: '1 second' })).toBe(1_000);
    let nowMs = 0;
    const quiet = new QuietTime(idleOf({ idle: 'off' }), () => nowMs);
    nowMs = 1e9;
    expect(quiet.untilNextMs()).toBeNull();
    expect(quiet.passedMs()).toBeNull();
  });

  it('timeZone: days are those of the zone, of 23 and 25 hours where its clocks change', () => {
    class Days extends WindowedProjection {
      readonly name = 'days';
      readonly version = 1;
      define() {
        const step = this.from(Read).key('user');
        return step
          .window(tumbling('1 day', { timeZone: 'Europe/Berlin' }))
          .measure({ n: count() });
      }
    }
    const s = scenario(new Days());
    const spring = Date.UTC(2026, 2, 28, 23, 30);
    for (const ms of [spring, Date.UTC(2026, 2, 29, 21, 59), Date.UTC(2026, 9, 25, 12)]) {
      s.publish(Read, at('u', ms));
    }
    const hours = s
      .rows()
      .map(({ window_start, window_end, n }) => [
        (window_end.getTime() - window_start.getTime()) / 3_600_000,
        n,
      ]);
    expect(hours).toEqual([
      [23, 2n],
      [25, 1n],
    ]);
  });

  it('zScore min: no score before the key has so many closed windows', () => {
    class Scores extends WindowedProjection {
      readonly name = 'scores';
      readonly version = 1;
      define() {
        const step = this.from(Read).key('user').window(tumbling(100), { emit: 'onClose' });
        return step.measure({ total: sum('value'), score: zScore('total', { min: 3 }) });
      }
    }
    const s = scenario(new Scores());
    for (const [n, value] of [1, 2, 3, 9, 0].entries())
      s.publish(Read, at('u', n * 100, { value }));
    expect(s.rows().map(({ score }) => score === null)).toEqual([true, true, true, false]);
  });

  it('quantile relativeError: the answer is as near as asked for', () => {
    class Quantiles extends WindowedProjection {
      readonly name = 'quantiles';
      readonly version = 1;
      define() {
        const step = this.from(Read).key('user').window(tumbling(100_000));
        return step.measure({
          fine: quantile('value', 0.5, { relativeError: 0.001 }),
          coarse: quantile('value', 0.5, { relativeError: 0.2 }),
        });
      }
    }
    const s = scenario(new Quantiles());
    for (let n = 1; n <= 199; n += 1) s.publish(Read, at('u', n, { value: n }));
    const [row] = s.rows();
    expect(Math.abs(Number(row?.fine) - 100)).toBeLessThanOrEqual(0.1);
    expect(Math.abs(Number(row?.coarse) - 100)).toBeGreaterThan(0.1);
    expect(Math.abs(Number(row?.coarse) - 100)).toBeLessThanOrEqual(20);
  });
});

describe('options of sessions', () => {
  const sessions = (options: object, onRevise = false) =>
    new (class extends SessionProjection {
      readonly name = 'sessions';
      readonly version = 1;
      define() {
        return this.from(Read)
          .key('user')
          .session({ gap: 10, ...options })
          .measure({ n: count() })
          .onClose(Read, published, { onRevise });
      }
    })();

  it('maxLength: a session is split at the first event beyond it', () => {
    const s = scenario(sessions({ maxLength: 15 }));
    for (const ms of [0, 8, 15, 16, 24]) s.publish(Read, at('u', ms));
    const byStart = [...s.rows()].sort((a, b) => Number(a.started_at) - Number(b.started_at));
    expect(byStart.map(({ n }) => n)).toEqual([3n, 2n]);
  });

  it('late and onRevise: a late event corrects, is published where asked for, or is set aside', () => {
    const run = (options: object, onRevise: boolean) => {
      const s = scenario(sessions(options, onRevise));
      return s.publish(Read, at('u', 0)).publish(Read, at('u', 500)).publish(Read, at('u', 5));
    };
    expect(
      run({}, false)
        .alerts(Read)
        .map(({ value }) => value),
    ).toEqual([1]);
    expect(
      run({}, true)
        .alerts(Read)
        .map(({ value }) => value),
    ).toEqual([1, 2]);
    const rejected = run({ late: 'reject' }, true);
    expect(rejected.lateEvents()).toHaveLength(1);
    expect(rejected.alerts(Read).map(({ value }) => value)).toEqual([1]);
  });
});

it('time: another field, or the record timestamp, is the event time', () => {
  const matches = (time: 'at' | null) =>
    new (class extends PatternProjection {
      readonly name = 'matches';
      readonly version = 1;
      define() {
        const from = this.from(Read);
        const timed = time === null ? from.time(ingestionTime()) : from.time(time);
        return timed.key('user').pattern(begin('a'));
      }
    })();
  for (const [time, ms] of [
    ['at', 5],
    [null, 70],
  ] as const) {
    const s = scenario(matches(time)).publish(Read, at('u', 5), { timestamp: 70 });
    expect(s.rows().map(({ matched_at }) => matched_at.getTime())).toEqual([ms]);
    expect(s.watermark(0)).toBe(ms);
  }
});

describe('options of tables', () => {
  const byPage = (options: object) =>
    new (class extends TableProjection {
      readonly name = 'pages';
      readonly version = 1;
      define() {
        return this.table(columns({ page: text().primaryKey(), n: int() }), options)
          .key('page')
          .on(Read as EventDefinition<Read & { page: string }>, (row, { page }) => ({
            page,
            n: (row?.n ?? 0) + 1,
          }));
      }
    })();

  it('onePartition: rows by another key than the record key, of one partition and no other', () => {
    expect(() => compileProjection(byPage({}))).toThrow(/onePartition: true/);
    const s = scenario(byPage({ onePartition: true }), { partitions: 2 });
    s.publish(Read, at('u', 0, { page: '/' }), { partition: 0 });
    s.publish(Read, at('v', 0, { page: '/' }), { partition: 0 });
    expect(s.rows()).toEqual([{ page: '/', n: 2 }]);
    expect(() => s.publish(Read, at('w', 0, { page: '/' }), { partition: 1 })).toThrow(
      /declared for topics of one partition/,
    );
  });

  it('maxDrift: an event is set aside as FUTURE only beyond it', () => {
    const s = scenario(byPage({ onePartition: true, maxDrift: '1 minute' }));
    s.publish(Read, at('u', 61_000, { page: '/' }), { timestamp: 0 });
    s.publish(Read, at('u', 60_000, { page: '/' }), { timestamp: 0 });
    expect(s.deadLetters().map(({ reason }) => reason)).toEqual(['FUTURE']);
    expect(s.rows()).toEqual([{ page: '/', n: 1 }]);
  });

  it('columns of days, booleans, decimals and JSON hold what handlers give', () => {
    class Kinds extends TableProjection {
      readonly name = 'kinds';
      readonly version = 1;
      define() {
        const kinds = columns({
          user: text().primaryKey().comment('whose'),
          day: date(),
          isA: boolean(),
          price: decimal(10, 2),
          tags: json<readonly string[]>().nullable(),
        });
        return this.table(kinds)
          .index('day')
          .key('user')
          .on(Read, (_row, { user, at: when, kind }) => ({
            user,
            day: when.toISOString().slice(0, 10),
            isA: kind === 'A',
            price: Decimal.fromString('1.50'),
            tags: [kind],
          }));
      }
    }
    const s = scenario(new Kinds()).publish(Read, at('u', Date.UTC(2026, 0, 2)));
    expect(s.deadLetters()).toEqual([]);
    expect(s.rows()).toMatchObject([{ user: 'u', day: '2026-01-02', is_a: true, tags: ['A'] }]);
    expect(String(s.rows()[0]?.price)).toBe('1.50');
    expect(s.plan.table.columns[0]?.comment).toBe('whose');
    expect(s.plan.table.indexes).toEqual([['day']]);
  });
});

it('on and of: a step or a measure takes one event of several', () => {
  class Matches extends PatternProjection {
    readonly name = 'matches';
    readonly version = 1;
    define() {
      return this.from(Read, Second)
        .key('user')
        .pattern(begin('a', { on: Read }).next('b', { on: Second }));
    }
  }
  class Windows extends WindowedProjection {
    readonly name = 'windows';
    readonly version = 1;
    define() {
      const step = this.from(Read, Second).key('user').window(tumbling(100));
      return step.measure({ all: count(), seconds: count({ of: Second }) });
    }
  }
  for (const projection of [new Matches(), new Windows()]) {
    const s = scenario(projection);
    s.publish(Read, at('u', 1)).publish(Read, at('u', 2)).publish(Second, at('u', 3));
    s.publish(Second, at('u', 4));
    if (projection instanceof Matches) expect(s.rows()).toHaveLength(1);
    else expect(s.rows()).toMatchObject([{ all: 4n, seconds: 2n }]);
  }
});

it('where: only the events that meet it count, in every kind', () => {
  const only = { kind: 'A' } as const;
  const projections = [
    new (class extends WindowedProjection {
      readonly name = 'windows';
      readonly version = 1;
      define() {
        const step = this.from(Read)
          .key('user')
          .where(only)
          .where(({ value }) => value > 0);
        return step.window(tumbling(100)).measure({ n: count() });
      }
    })(),
    new (class extends SessionProjection {
      readonly name = 'sessions';
      readonly version = 1;
      define() {
        const step = this.from(Read)
          .key('user')
          .where(only)
          .where(({ value }) => value > 0);
        return step.session({ gap: 100 }).measure({ n: count() });
      }
    })(),
    new (class extends PatternProjection {
      readonly name = 'matches';
      readonly version = 1;
      define() {
        const step = this.from(Read)
          .key('user')
          .where(only)
          .where(({ value }) => value > 0);
        return step.pattern(begin('a').next('b'));
      }
    })(),
    new (class extends TableProjection {
      readonly name = 'table';
      readonly version = 1;
      define() {
        return this.from(Read)
          .where(only)
          .where(({ value }) => value > 0)
          .table(columns({ user: text().primaryKey(), n: int() }))
          .key('user')
          .on(Read, (row, { user }) => ({ user, n: (row?.n ?? 0) + 1 }));
      }
    })(),
  ];
  for (const projection of projections) {
    const s = scenario(projection);
    s.publish(Read, at('u', 1)).publish(Read, at('u', 2, { kind: 'B' }));
    s.publish(Read, at('u', 3, { value: 0 })).publish(Read, at('u', 4));
    const [row, ...others] = s.rows() as readonly { readonly n?: bigint | number }[];
    expect(others).toEqual([]);
    expect(row).toBeDefined();
    if (row?.n !== undefined) expect(Number(row.n)).toBe(2);
  }
});
