import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  numericBytesMax,
  readNumeric,
  writeNumeric,
} from '../../../src/readmodel/write-numeric.ts';

const ROOM = 512;

function written(unscaled: bigint, scale: number) {
  const view = new DataView(new ArrayBuffer(ROOM));
  return { view, end: writeNumeric(view, 0, { unscaled, scale }) };
}

test('lays digits out as numeric_send does', () => {
  const { view, end } = written(-12_345_678n, 3);
  const words = Array.from({ length: end / 2 }, (_, i) => view.getUint16(2 * i));
  // Three groups of four digits, the first counts ten thousands: 1, 2345 and .6780, negative.
  expect(words).toEqual([3, 1, 0x4000, 3, 1, 2345, 6780]);
});

test('what was written reads back, within the bytes that were foretold', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
      fc.integer({ min: 0, max: 40 }),
      (unscaled, scale) => {
        const { view, end } = written(unscaled, scale);
        expect(readNumeric(view, 0, scale)).toBe(unscaled);
        expect(readNumeric(view, 0, scale + 3)).toBe(unscaled * 1_000n);
        expect(end).toBeLessThanOrEqual(numericBytesMax(unscaled));
      },
    ),
  );
});

test('a number is refused that has more digits than the scale, or is none', () => {
  const { view } = written(1_001n, 3);
  expect(() => readNumeric(view, 0, 2)).toThrow('more than 2 digits');
  view.setUint16(4, 0xc000);
  expect(() => readNumeric(view, 0, 3)).toThrow('not a finite number');
});
