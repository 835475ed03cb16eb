import { expect, test } from 'vitest';
import { sourcesWithPii } from '../../../src/fold/batch/sources-with-pii.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { movesOn } from '../../support/pii-app.ts';

test('a projection pays for pii fields only where it names one or is given whole events', () => {
  const reads = movesOn('t').projections.map((projection) => {
    const plan = compileProjection(new projection());
    return [plan.name, sourcesWithPii(plan).length];
  });
  expect(reads).toEqual([
    ['by_email', 1],
    ['by_city', 1],
    ['people', 1],
    ['totals', 0],
  ]);
});
