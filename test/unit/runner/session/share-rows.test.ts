import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareRows } from '../../../../src/runner/session/share-rows.ts';

test('one alone may hold all', () => {
  const [only] = shareRows(100, 1);
  expect(only?.isFull(99)).toBe(false);
  expect(only?.isFull(100)).toBe(true);
});

test('a large one uses what small ones leave, and only the large one flushes', () => {
  const [large, small] = shareRows(100, 2);
  expect(small?.isFull(20)).toBe(false);
  expect(large?.isFull(79)).toBe(false);
  expect(large?.isFull(80)).toBe(true);
  expect(small?.isFull(20)).toBe(false);
  expect(large?.isFull(0)).toBe(false);
  expect(large?.isFull(70)).toBe(false);
});

test('whatever they take, and whoever flushes when told to, all together never hold more than one step beyond', () => {
  const steps = fc.array(fc.record({ task: fc.nat(3), rows: fc.integer({ min: 1, max: 30 }) }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), steps, (rowsMax, course) => {
      const shares = shareRows(rowsMax, 4);
      const held = [0, 0, 0, 0];
      for (const { task, rows } of course) {
        held[task] = (held[task] as number) + rows;
        if (shares[task]?.isFull(held[task] as number)) {
          held[task] = 0;
          shares[task]?.isFull(0);
        }
        // Each that did not flush is below its share, or all of them below the whole.
        const total = held.reduce((sum, each) => sum + each, 0);
        expect(total).toBeLessThan(2 * rowsMax + 30);
      }
    }),
  );
});
