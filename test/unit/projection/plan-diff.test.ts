import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../src/projection/plan/fingerprint-of.ts';
import { planShape } from '../../../src/projection/plan/plan-shape.ts';
import { planJson, shapeDifferences } from '../../../src/projection/plan/shape-differences.ts';
import type { PlanShape } from '../../../src/projection/plan/shape-format.ts';
import { seed } from '../../support/fault-run.ts';

const declared = {
  name: 'orders',
  window: { kind: 'tumbling', sizeMs: 60_000 },
  measures: [
    { name: 'events', aggregate: 'count' },
    { name: 'total', aggregate: 'sum' },
  ],
  limit: 3n,
  accepts: (event: { value: number }) => event.value > 1,
};

/** As Postgres gives it back. */
const reread = (plan: object) => JSON.parse(planJson(planShape(plan))) as PlanShape;

const differences = (stored: object, now: object) =>
  shapeDifferences(reread(stored), planShape(now));

describe('the difference of two shapes', () => {
  test('nothing, when a shape is read back from Postgres', () => {
    expect(differences(declared, declared)).toEqual([]);
  });

  test('names the path, before and after', () => {
    const window = { kind: 'tumbling', sizeMs: 120_000 };
    expect(differences(declared, { ...declared, window })).toEqual([
      'window.sizeMs: 60000 → 120000',
    ]);
  });

  test('one measure more in front does not make the others look changed', () => {
    const measures = [{ name: 'first', aggregate: 'min' }, ...declared.measures];
    expect(differences(declared, { ...declared, measures })).toEqual([
      'measures[first].name: nothing → "first"',
      'measures[first].aggregate: nothing → "min"',
    ]);
  });

  test('another order of the same is named', () => {
    const measures = [...declared.measures].reverse();
    expect(differences(declared, { ...declared, measures })).toEqual([
      'measures in order: events, total → total, events',
    ]);
  });

  test('functions are compared by what they compute and shown as they are written', () => {
    const accepts = (event: { value: number }) => event.value > 2;
    const [line, ...more] = differences(declared, { ...declared, accepts });
    expect(more).toEqual([]);
    expect(line).toMatch(/^accepts: .*> ?1 → .*> ?2$/);
    const renamed = (other: { value: number }) => other.value > 1;
    expect(differences(declared, { ...declared, accepts: renamed })).toEqual([]);
  });

  test('long values are cut where they differ', () => {
    const text = (end: string) => ({ ...declared, note: `${'a'.repeat(500)}${end}` });
    const [line] = differences(text('x'), text('y'));
    expect(line).toMatch(/^note: ….*x" → ….*y"$/);
    expect(line?.length).toBeLessThan(300);
  });

  test(`two fingerprints differ exactly where a difference is named (seed ${seed})`, () => {
    const named = fc.record({
      name: fc.constantFrom('a', 'b', '1'),
      n: fc.integer({ max: 1, min: 0 }),
    });
    const leaf = fc.oneof(fc.constantFrom(null, false, 0, '', 'x', 1n, new Date(0)), named);
    const plans = fc.dictionary(
      fc.constantFrom('a', 'b', 'measures'),
      fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.array(named, { maxLength: 3 })),
    );
    fc.assert(
      fc.property(plans, plans, (a, b) => {
        const isSame = fingerprintOf(planShape(a)) === fingerprintOf(planShape(b));
        expect(differences(a, b).length === 0).toBe(isSame);
      }),
      { seed, numRuns: 3000 },
    );
  });
});
