import { expect, test } from 'vitest';
import type { Plan } from '../../../../src/projection/plan/plan.ts';
import { timeSpanOf } from '../../../../src/runner/verify/time-span-of.ts';

const at = Date.UTC(2026, 0, 1, 12);
const json = '2026-01-01T12:00:00+00:00';

test('a match happened within the time of its pattern, up to the match', () => {
  const pattern = { kind: 'pattern', withinMs: 60_000 } as Plan;
  expect(timeSpanOf(pattern, { matched_at: json })).toEqual({ fromMs: at - 60_000, untilMs: at });
  const unbounded = { kind: 'pattern', withinMs: null } as Plan;
  expect(timeSpanOf(unbounded, { matched_at: json }).fromMs).toBe(Number.NEGATIVE_INFINITY);
});

test('a session happened from its first event to its last, its hidden state ever', () => {
  const session = { kind: 'session' } as Plan;
  const row = { started_at: json, ended_at: '2026-01-01T12:00:01.5+00:00' };
  expect(timeSpanOf(session, row)).toEqual({ fromMs: at, untilMs: at + 1_500 });
  expect(timeSpanOf({ kind: 'pattern', withinMs: 1 } as Plan, { _state: '' })).toEqual({
    fromMs: Number.NEGATIVE_INFINITY,
    untilMs: Number.POSITIVE_INFINITY,
  });
});
