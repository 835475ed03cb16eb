import { expect, test } from 'vitest';
import { Watchdog } from '../../../../src/runner/ownership/watchdog.ts';

test('notices a task that stands still before the end, once per stretch, and none that is at the end or moves', () => {
  const dog = new Watchdog(100);
  const at = (nextOffset: bigint, stableEndOffset: bigint, nowMs: number) =>
    dog.isStalled({ name: 'a[0]', nextOffset, stableEndOffset }, nowMs);
  expect(at(5n, 5n, 0)).toBe(false);
  expect(at(5n, 5n, 1_000)).toBe(false); // caught up: nothing to do
  expect(at(5n, 9n, 1_050)).toBe(false); // only just behind
  expect(at(5n, 9n, 1_099)).toBe(false);
  expect(at(5n, 9n, 1_100)).toBe(true);
  expect(at(5n, 9n, 1_150)).toBe(false);
  expect(at(5n, 12n, 1_200)).toBe(true);
  expect(at(6n, 12n, 1_250)).toBe(false); // moves again
  expect(dog.isStalled({ name: 'a[1]', nextOffset: 6n, stableEndOffset: 12n }, 9_000)).toBe(false);
});
