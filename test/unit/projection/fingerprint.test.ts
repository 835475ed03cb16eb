import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { count } from '../../../src/projection/declare/aggregates.ts';
import { customWindows } from '../../../src/projection/declare/window.ts';
import { fingerprintOf } from '../../../src/projection/plan/fingerprint-of.ts';
import { planShape } from '../../../src/projection/plan/plan-shape.ts';
import { Acted, session } from './declare/mistaken.ts';
import { planOf } from './declared.ts';

const fingerprint = (value: unknown) => fingerprintOf(planShape({ value }));

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
      expect(fingerprint(reversed(shape))).toBe(fingerprint(shape));
    }),
  );
});

it('tells values, types and orders of lists apart', () => {
  const shapes = [
    1,
    1n,
    '1',
    true,
    undefined,
    'undefined',
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
    (x: number) => x + 1,
    (x: number) => x + 2,
  ];
  expect(new Set(shapes.map(fingerprint)).size).toBe(shapes.length);
});

it('leaves out what stands at null, false or nothing, so that a new option changes no fingerprint', () => {
  const shapes = [{ a: 1 }, { a: 1, b: null }, { a: 1, b: false }, { a: 1, b: [], c: undefined }];
  expect(new Set(shapes.map(fingerprint)).size).toBe(1);
  expect(fingerprint({ zero: null })).not.toBe(fingerprint({ zero: [] }));
});

it('is the hex of a SHA-256', () => {
  expect(fingerprint({})).toMatch(/^[0-9a-f]{64}$/);
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
