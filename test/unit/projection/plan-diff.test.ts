import { describe, expect, test } from 'vitest';
import { planDifferences, planJson } from '../../../src/projection/plan-diff.ts';

const stored = {
  name: 'orders',
  version: 1,
  fingerprint: 'a',
  window: { kind: 'tumbling', sizeMs: 60_000 },
  measures: [
    { name: 'events', aggregate: 'count' },
    { name: 'total', aggregate: 'sum' },
  ],
  limit: 3n,
  accepts: (event: { value: number }) => event.value > 1,
};

/** As Postgres gives it back. */
const reread: unknown = JSON.parse(planJson(stored));

describe('the difference of two plans', () => {
  test('nothing, when only fingerprint or version changed', () => {
    expect(planDifferences(reread, { ...stored, fingerprint: 'b', version: 2 })).toEqual([]);
  });

  test('names the path, before and after', () => {
    const window = { kind: 'tumbling', sizeMs: 120_000 };
    expect(planDifferences(reread, { ...stored, window })).toEqual([
      'window.sizeMs: 60000 → 120000',
    ]);
  });

  test('one measure more in front does not make the others look changed', () => {
    const measures = [{ name: 'first', aggregate: 'min' }, ...stored.measures];
    expect(planDifferences(reread, { ...stored, measures })).toEqual([
      'measures[first].name: nothing → "first"',
      'measures[first].aggregate: nothing → "min"',
    ]);
  });

  test('functions are compared by their text', () => {
    const accepts = (event: { value: number }) => event.value > 2;
    expect(planDifferences(reread, { ...stored, accepts })).toHaveLength(1);
  });
});
