import { expect, it } from 'vitest';
import { userActions } from '../../../example/user-actions.ts';

const startMs = Date.UTC(2026, 0, 1);

function take(count: number, seed: number) {
  const values = [];
  for (const { value } of userActions({ seed, startMs, ratePerSecond: 200 })) {
    values.push(value);
    if (values.length === count) break;
  }
  return values;
}

it('gives the same events for the same seed, others for another', () => {
  expect(take(500, 1)).toEqual(take(500, 1));
  expect(take(500, 1)).not.toEqual(take(500, 2));
});

it('gives unique ids, and event times at most ten seconds out of order', () => {
  const events = take(5_000, 7);
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(5_000);
  let newest = 0;
  for (const { eventId, value, occurredAt } of events) {
    expect(eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8000-[0-9a-f]{12}$/);
    expect(value).toBe(Number(value.toFixed(2)));
    expect(occurredAt.getTime()).toBeGreaterThan(newest - 10_001);
    newest = Math.max(newest, occurredAt.getTime());
  }
});
