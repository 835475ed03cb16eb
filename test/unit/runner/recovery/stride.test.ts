import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Stride } from '../../../../src/runner/recovery/stride.ts';

/**
 * Works off `records` of which some are bad: a flush that holds a bad one fails, alone it is passed
 * over. @returns flushes tried
 */
function workOff(stride: Stride, records: number, bad: ReadonlySet<number>): number {
  const found: number[] = [];
  let tried = 0;
  for (let next = 0; next < records; ) {
    tried += 1;
    const size = Math.min(stride.recordsMax, records - next);
    const isBad = (i: number) => bad.has(i) && !found.includes(i);
    const failed = Array.from({ length: size }, (_, i) => next + i).filter(isBad);
    if (failed.length === 0) {
      stride.passed(size);
      next += size;
    } else if (size > 1) stride.failed(size);
    else {
      found.push(next);
      stride.cleared();
    }
  }
  expect(found.sort((a, b) => a - b)).toEqual([...bad].sort((a, b) => a - b));
  return tried;
}

describe('a stride', () => {
  test('finds every bad record, in few flushes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        (records, picks) => {
          const bad = new Set(picks.map((pick) => pick % records));
          const tried = workOff(new Stride(2_000), records, bad);
          expect(tried).toBeLessThan(20 + records / 500 + bad.size * 60);
        },
      ),
    );
  });

  test('has no limit where it was given none, until something fails', () => {
    const stride = new Stride(Number.POSITIVE_INFINITY);
    stride.passed(3_000_000);
    expect(stride.recordsMax).toBe(Number.POSITIVE_INFINITY);
    stride.failed(1_600);
    expect(stride.recordsMax).toBe(100);
  });

  test('narrows with every death until records are tried one by one, and widens once past them', () => {
    const limits = [1, 2, 3, 4, 5, 6].map((deaths) => {
      const stride = new Stride(100_000);
      stride.died(deaths);
      return stride.recordsMax;
    });
    expect(limits).toEqual([6_250, 390, 24, 1, 1, 1]);
    const stride = new Stride(100_000);
    stride.died(4);
    expect(stride.triesOne).toBe(true);
    for (let i = 0; i < 23; i += 1) expect(stride.passed(1)).toBe(false);
    expect(stride.passed(1)).toBe(true);
    expect(stride.triesOne).toBe(false);
  });

  test('says each record once', () => {
    const stride = new Stride(10);
    expect([stride.marks('a'), stride.marks('a'), stride.marks('b')]).toEqual([true, false, true]);
  });
});
