import { expect, test } from 'vitest';
import { OrphanWatch } from '../../../../src/runner/ownership/orphan-watch.ts';

const task = (partition: number, owner: string | null) => ({
  projection: 'totals',
  version: 1,
  partition,
  owner,
});

test('a task counts as an orphan once it was seen without owner for long enough, and is told once', () => {
  const watch = new OrphanWatch(30);
  expect(watch.found([task(0, null), task(1, 'one')], 0)).toEqual([]);
  expect(watch.found([task(0, null), task(1, null)], 29)).toEqual([]);
  expect(watch.found([task(0, null), task(1, null)], 30)).toEqual([task(0, null)]);
  expect(watch.found([task(0, null), task(1, null)], 58)).toEqual([]);
  expect(watch.found([task(0, null), task(1, null)], 59)).toEqual([task(1, null)]);
});

test('an owner in between begins the time anew, and another alarm', () => {
  const watch = new OrphanWatch(30);
  expect(watch.found([task(0, null)], 0)).toEqual([]);
  expect(watch.found([task(0, null)], 30)).toHaveLength(1);
  expect(watch.found([task(0, 'one')], 40)).toEqual([]);
  expect(watch.found([task(0, null)], 50)).toEqual([]);
  expect(watch.found([task(0, null)], 79)).toEqual([]);
  expect(watch.found([task(0, null)], 80)).toHaveLength(1);
});
