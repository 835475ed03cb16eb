import { Decimal } from 'reprise';
import { scenario } from 'reprise/testing';
import { describe, expect, test } from 'vitest';
import { SessionAnalytics } from '../../../projections/session-analytics.ts';
import { OrderPlaced, PageViewed } from '../../../schemas/index.ts';

const T = Date.UTC(2026, 10, 23, 9);
const minutes = (n: number) => T + n * 60_000;

function visit() {
  const s = scenario(new SessionAnalytics());
  const view = (page: string, atMs: number) =>
    s.publish(PageViewed, { visitorId: 'v', page, occurredAt: atMs });
  view('/', T);
  view('/shoes', minutes(10));
  s.publish(OrderPlaced, {
    visitorId: 'v',
    orderId: '00000000-0000-8000-8000-000000000000',
    amount: Decimal.fromString('49.90'),
    occurredAt: minutes(12),
  });
  view('/thanks', minutes(13));
  return { s, view };
}

describe('session analytics', () => {
  test('a sitting is a row: pages, duration, way in and out, revenue, whether it converted', () => {
    const { s } = visit();
    expect(s.rows()).toMatchObject([
      {
        visitor_id: 'v',
        started_at: new Date(T),
        ended_at: new Date(minutes(13)),
        duration_ms: 13n * 60_000n,
        pages: 3n,
        entry_page: '/',
        exit_page: '/thanks',
        orders: 1n,
        revenue: Decimal.fromString('49.90'),
        converted: true,
        closed: false,
      },
    ]);
  });

  test('after half an hour of nothing the next page begins another', () => {
    const { s, view } = visit();
    view('/', minutes(43) + 1);
    expect(
      s
        .rows()
        .map(({ pages, converted }) => [pages, converted] as const)
        .sort(([a], [b]) => Number(a - b)),
    ).toEqual([
      [1n, false],
      [3n, true],
    ]);
  });

  test('exactly half an hour still belongs', () => {
    const { s, view } = visit();
    view('/', minutes(43));
    expect(s.rows()).toHaveLength(1);
  });

  test('a page that arrives late joins two sittings into one', () => {
    const { s, view } = visit();
    view('/b', minutes(70));
    expect(s.rows()).toHaveLength(2);
    view('/a', minutes(41));
    expect(s.rows()).toMatchObject([{ pages: 5n, entry_page: '/', exit_page: '/b' }]);
  });

  test('it closes once its gap has passed, in silence too', () => {
    const { s } = visit();
    s.tick(0, 30 * 60_000 + 10_000);
    expect(s.rows()).toMatchObject([{ closed: false }]);
    s.tick(0, 30 * 60_000 + 10_001);
    expect(s.rows()).toMatchObject([{ closed: true }]);
    expect(s.stateSize()).toBe(0);
  });
});
