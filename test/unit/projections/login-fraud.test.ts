import { scenario } from 'reprise/testing';
import { describe, expect, test } from 'vitest';
import { LoginFraud } from '../../../projections/login-fraud.ts';
import { FraudSuspected, LoginAttempted } from '../../../schemas/index.ts';

const T = Date.UTC(2026, 10, 23, 12);
const minutes = (n: number) => T + n * 60_000;

function attempts(...list: readonly (readonly ['FAILURE' | 'SUCCESS', number, string?])[]) {
  const s = scenario(new LoginFraud());
  for (const [result, atMs, userId = 'ada'] of list) {
    s.publish(LoginAttempted, { userId, result, address: '192.0.2.1', occurredAt: atMs });
  }
  return s;
}

describe('login fraud', () => {
  test('three failures in a row within five minutes are a row and an alert', () => {
    const s = attempts(['FAILURE', T], ['FAILURE', minutes(1)], ['FAILURE', minutes(2)]);
    expect(s.rows()).toMatchObject([
      {
        user_id: 'ada',
        matched_at: new Date(minutes(2)),
        first_failure_at: new Date(T),
        last_failure_at: new Date(minutes(2)),
        timed_out: false,
      },
    ]);
    expect(s.alerts(FraudSuspected)).toEqual([
      { userId: 'ada', firstFailureAt: new Date(T), at: new Date(minutes(2)) },
    ]);
  });

  test('a success between breaks the row', () => {
    const s = attempts(
      ['FAILURE', T],
      ['FAILURE', minutes(1)],
      ['SUCCESS', minutes(2)],
      ['FAILURE', minutes(3)],
      ['FAILURE', minutes(4)],
      ['FAILURE', minutes(5)],
    );
    expect(s.rows()).toMatchObject([{ first_failure_at: new Date(minutes(3)) }]);
  });

  test('what another user does does not', () => {
    const s = attempts(
      ['FAILURE', T],
      ['SUCCESS', T, 'grace'],
      ['FAILURE', minutes(1)],
      ['SUCCESS', minutes(1), 'grace'],
      ['FAILURE', minutes(2)],
    );
    expect(s.alerts(FraudSuspected)).toHaveLength(1);
  });

  test('five minutes from first to third are too long', () => {
    const s = attempts(['FAILURE', T], ['FAILURE', minutes(1)], ['FAILURE', minutes(5)]);
    expect(s.alerts()).toEqual([]);
  });

  test('a fourth failure is a second alert, with another id', () => {
    const s = attempts(...[0, 1, 2, 3].map((n) => ['FAILURE', minutes(n)] as const));
    const ids = s.alerts().map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(
      s
        .replay()
        .alerts()
        .map(({ id }) => id),
    ).toEqual(ids);
  });

  test('a failure that comes too late is kept, and counts for nothing', () => {
    const s = attempts(['FAILURE', minutes(1)], ['FAILURE', T], ['FAILURE', minutes(2)]);
    expect(s.rows()).toEqual([]);
    expect(s.lateEvents()).toMatchObject([{ offset: 1n, eventTimeMs: T, key: ['ada'] }]);
  });

  test('nothing is remembered once five quiet minutes have passed', () => {
    const s = attempts(['FAILURE', T], ['FAILURE', minutes(1)]);
    expect(s.stateSize()).toBe(1);
    s.tick(0, 5 * 60_000);
    expect(s.watermark(0)).toBe(minutes(6));
    expect([s.stateSize(), s.stateRows()]).toEqual([0, 0]);
  });
});
