import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchSize } from '../../../../src/runner/recovery/batch-size.ts';

/**
 * Works off `records` of which some are bad: a flush that holds a bad one fails, alone it is passed
 * over. @returns flushes tried
 */
function workOff(batchSize: BatchSize, records: number, bad: ReadonlySet<number>): number {
  const found: number[] = [];
  let tried = 0;
  for (let next = 0; next < records; ) {
    tried += 1;
    const size = Math.min(batchSize.recordsMax, records - next);
    const isBad = (i: number) => bad.has(i) && !found.includes(i);
    const failed = Array.from({ length: size }, (_, i) => next + i).filter(isBad);
    if (failed.length === 0) {
      batchSize.passed(size);
      next += size;
    } else if (size > 1) batchSize.failed(size);
    else {
      found.push(next);
      batchSize.cleared();
    }
  }
  expect(found.sort((a, b) => a - b)).toEqual([...bad].sort((a, b) => a - b));
  return tried;
}

describe('the batch size', () => {
  test('finds every bad record, in few flushes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        (records, picks) => {
          const bad = new Set(picks.map((pick) => pick % records));
          const tried = workOff(new BatchSize(2_000), records, bad);
          expect(tried).toBeLessThan(20 + records / 500 + bad.size * 60);
        },
      ),
    );
  });

  test('has no limit where it was given none, until something fails', () => {
    const batchSize = new BatchSize(Number.POSITIVE_INFINITY);
    batchSize.passed(3_000_000);
    expect(batchSize.recordsMax).toBe(Number.POSITIVE_INFINITY);
    batchSize.failed(1_600);
    expect(batchSize.recordsMax).toBe(100);
  });

  test('narrows with every death until records are tried one by one, and widens once past them', () => {
    const limits = [1, 2, 3, 4, 5, 6].map((deaths) => {
      const batchSize = new BatchSize(100_000);
      batchSize.died(deaths);
      return batchSize.recordsMax;
    });
    expect(limits).toEqual([6_250, 390, 24, 1, 1, 1]);
    const batchSize = new BatchSize(100_000);
    batchSize.died(4);
    expect(batchSize.triesOne).toBe(true);
    for (let i = 0; i < 23; i += 1) expect(batchSize.passed(1)).toBe(false);
    expect(batchSize.passed(1)).toBe(true);
    expect(batchSize.triesOne).toBe(false);
  });

  test('says each record once', () => {
    const batchSize = new BatchSize(10);
    expect([batchSize.marks('a'), batchSize.marks('a'), batchSize.marks('b')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
