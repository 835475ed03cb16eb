import fc from 'fast-check';
import { expect, it } from 'vitest';
import { count } from '../../../src/projection/aggregates.ts';
import { compileProjection } from '../../../src/projection/compile.ts';
import { fingerprintOf } from '../../../src/projection/fingerprint.ts';
import { customWindows } from '../../../src/projection/window.ts';
import { planOf } from './declared.ts';
import { Acted, session } from './definition-mistakes/mistaken.ts';

it('does not depend on the order of keys, at any depth', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, each]) => [key, reversed(each)]),
    );
  };
  fc.assert(
    fc.property(fc.object({ maxDepth: 3 }), (shape) => {
      expect(fingerprintOf(reversed(shape))).toBe(fingerprintOf(shape));
    }),
  );
});

it('tells values, types and orders of lists apart', () => {
  const shapes = [
    1,
    1n,
    '1',
    true,
    null,
    undefined,
    'undefined',
    [],
    {},
    [1, 2],
    [2, 1],
    [[1], 2],
    { a: 1 },
    { a: 2 },
    { b: 1 },
    { a: [1] },
    new Date(1),
    'date 1',
    { a: undefined },
    (x: number) => x + 1,
    (x: number) => x + 2,
  ];
  expect(new Set(shapes.map(fingerprintOf)).size).toBe(shapes.length);
});

it('is the hex of a SHA-256', () => {
  expect(fingerprintOf({})).toMatch(/^[0-9a-f]{64}$/);
});

it('tells windows of your own apart by what is written', () => {
  const wide = planOf({ window: customWindows((at) => [{ start: at, end: at + 10 }]) });
  const narrow = planOf({ window: customWindows((at) => [{ start: at, end: at + 5 }]) });
  const again = planOf({ window: customWindows((at) => [{ start: at, end: at + 5 }]) });
  expect(narrow.fingerprint).toBe(again.fingerprint);
  expect(narrow.fingerprint).not.toBe(wide.fingerprint);
});

it('tells gaps by the event apart by what is written', () => {
  const fingerprintWith = (gap: (event: never) => number) =>
    compileProjection(
      session((from) => from(Acted).key('userId').session({ gap }).measure({ n: count() })),
    ).fingerprint;
  expect(fingerprintWith(() => 5)).toBe(fingerprintWith(() => 5));
  expect(fingerprintWith(() => 5)).not.toBe(fingerprintWith(() => 6));
});
