import fc from 'fast-check';
import { expect, it } from 'vitest';
import { foldInterpreted } from '../../../src/fold/interpreted-fold.ts';
import { foldLive } from './drive.ts';
import { planChoice, planOf } from './plans.ts';
import { anyReadings, logOf } from './readings.ts';
import { printRow } from './stored-table.ts';

it('folds any log through any plan into the rows that the plain fold gives', () => {
  fc.assert(
    fc.property(planChoice, anyReadings(40), (choice, readings) => {
      const plan = planOf(choice);
      const log = logOf(readings);
      const expected = foldInterpreted(plan, log).map((row) => printRow(plan.table, row));
      expect(foldLive(plan, log).table.view()).toEqual(expected.sort());
    }),
    { numRuns: 700 },
  );
});
