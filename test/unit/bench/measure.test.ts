import { describe, expect, it } from 'vitest';
import { median, quantile } from '../../../bench/measure/median.ts';
import { ratiosOf, toJson, toTable } from '../../../bench/measure/report.ts';
import { playRounds } from '../../../bench/measure/rounds.ts';

describe('a bench', () => {
  it('takes the middle of its rounds', () => {
    expect(median([3, 1, 100])).toBe(3);
    expect(median([4, 1, 2, 100])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });

  it('reads quantiles by nearest rank', () => {
    const sorted = Float64Array.from({ length: 200 }, (_, i) => i + 1);
    expect([quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)]).toEqual([
      100, 198, 200,
    ]);
    expect(quantile(Float64Array.of(5), 0)).toBe(5);
    expect(() => quantile(new Float64Array(0), 0.5)).toThrow(RangeError);
  });

  it('lets its contestants take turns and reports medians and the largest memory', async () => {
    const order: string[] = [];
    const seconds = { ours: [1, 4, 2], theirs: [10, 10, 10] };
    const contestant = (name: 'ours' | 'theirs') => async () => {
      order.push(name);
      const round = order.filter((each) => each === name).length;
      return {
        events: 100,
        seconds: seconds[name][round - 1] ?? 0,
        rssMaxBytes: round,
        cpuSeconds: { own: round },
      };
    };
    const standings = await playRounds(3, {
      ours: contestant('ours'),
      theirs: contestant('theirs'),
    });
    expect(order).toEqual(['ours', 'theirs', 'ours', 'theirs', 'ours', 'theirs']);
    expect(standings.ours).toEqual({
      eventsPerSecond: 50,
      seconds: 2,
      rssMaxBytes: 3,
      cpuSeconds: { own: 2 },
    });
    expect(standings.theirs.eventsPerSecond).toBe(10);
  });

  it('ends with one JSON line in the form of its issue', () => {
    const comparisons = { kafkajsDrain: 300_000, handWrittenEach: 1_500 };
    const report = {
      bench: 'rebuild',
      events: 5_000_000,
      eventsPerSecond: 900_000.4,
      rows: 840_000,
      rssMaxBytes: 1e8,
      lost: 0,
      comparisons,
      ratios: ratiosOf(900_000.4, comparisons),
    };
    expect(toJson(report)).toBe(
      '{"bench":"rebuild","events":5000000,"eventsPerSecond":900000,"rows":840000,"rssMaxBytes":100000000,"lost":0,' +
        '"comparisons":{"kafkajsDrain":300000,"handWrittenEach":1500},"ratios":{"kafkajsDrain":3,"handWrittenEach":600}}',
    );
    expect(toTable(report)).toContain('300,000 events/s, ours is 3.00 times that');
  });
});
