import { expect, test } from 'vitest';
import { type Stretch, TraceStride } from '../../../../src/runner/verify/trace-stride.ts';

/** Where the flushes of a replay of `records` records end. */
function flushesOf(records: number, lookedInto: readonly Stretch[]): number[] {
  const stride = new TraceStride(10, lookedInto);
  const ends: number[] = [];
  while (stride.position < records) {
    stride.passed(Math.min(stride.recordsMax, records - stride.position));
    ends.push(stride.position);
  }
  return ends;
}

test('a flush ends with every stretch', () => {
  expect(flushesOf(34, [])).toEqual([10, 20, 30, 34]);
});

test('inside a stretch that is looked into every record has a flush of its own, and the others end where they did', () => {
  expect(flushesOf(34, [{ from: 10, until: 20 }])).toEqual([
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 30, 34,
  ]);
});

test('after records that could not be flushed together the ends of stretches are still met', () => {
  const stride = new TraceStride(10, []);
  stride.failed(10);
  expect(stride.recordsMax).toBe(1);
  for (let i = 0; i < 3; i += 1) stride.passed(1);
  while (stride.position < 10) stride.passed(stride.recordsMax);
  expect(stride.position).toBe(10);
});
