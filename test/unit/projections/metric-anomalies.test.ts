import { scenario } from 'reprise/testing';
import { describe, expect, test } from 'vitest';
import { MetricAnomalies, MetricMinutes } from '../../../projections/metric-anomalies.ts';
import { MetricAnomaly, MetricsWindowClosed, UserActed } from '../../../schemas/index.ts';

const T = Date.UTC(2026, 10, 23);
const minutes = (n: number) => T + n * 60_000;

describe('stage one: metrics by the minute', () => {
  const act = (s: ReturnType<typeof first>, value: number, atMs: number) =>
    s.publish(UserActed, {
      eventId: '00000000-0000-8000-8000-000000000000',
      userId: 'u',
      action: 'VIEW',
      value,
      occurredAt: atMs,
    });
  const first = () => scenario(new MetricMinutes());

  test('a minute is shown and published once it is over, with ten seconds for the late', () => {
    const s = first();
    act(s, 2, T);
    act(s, 4, minutes(1) - 1);
    act(s, 8, minutes(1) + 9_999);
    expect([s.rows(), s.alerts()]).toEqual([[], []]);
    act(s, 8, minutes(1) + 10_000);
    expect(s.rows()).toMatchObject([{ user_id: 'u', events: 2n, average: 3 }]);
    expect(s.alerts(MetricsWindowClosed)).toEqual([
      { userId: 'u', windowStart: new Date(T), events: 2n, average: 3 },
    ]);
  });

  test('silence closes the last minute', () => {
    const s = first();
    act(s, 2, T);
    s.tick(0, 70_000);
    expect(s.alerts(MetricsWindowClosed)).toHaveLength(1);
    s.tick(0, 80_000);
    expect(s.alerts(MetricsWindowClosed)).toHaveLength(1);
  });
});

describe('stage two: anomalies', () => {
  function watch(averages: readonly number[]) {
    const s = scenario(new MetricAnomalies());
    for (const [n, average] of averages.entries()) {
      s.publish(MetricsWindowClosed, { userId: 'u', windowStart: minutes(n), events: 1n, average });
    }
    return s.tick(0, 60_000);
  }
  const usual = [10, 11, 9, 10, 11, 9, 10, 11, 9, 10];

  test('a minute far from the ten before it is an anomaly', () => {
    const [anomaly] = watch([...usual, 100]).alerts(MetricAnomaly);
    expect(anomaly).toMatchObject({
      userId: 'u',
      windowStart: new Date(minutes(10)),
      average: 100,
    });
    expect(anomaly?.score).toBeGreaterThan(3);
  });

  test('a usual one is none, and fewer than ten minutes judge nothing', () => {
    expect(watch([...usual, 10.5]).alerts()).toEqual([]);
    expect(watch([1, 2, 1, 2, 1000]).alerts()).toEqual([]);
  });

  test('a replay finds the same, with the same ids', () => {
    const s = watch([...usual, 100, 10, -50]);
    expect(s.replay().alerts()).toEqual(s.alerts());
    expect(s.alerts()).toHaveLength(1);
  });
});
