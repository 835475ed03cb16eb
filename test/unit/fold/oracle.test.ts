import fc from 'fast-check';
import { expect, it } from 'vitest';
import { foldInterpreted } from '../../../src/fold/oracle/fold-interpreted.ts';
import { foldLive } from './drive.ts';
import { planChoice, planOf } from './plans.ts';
import { anyReadings, logOf, plain } from './readings.ts';
import { printRow } from './stored-table.ts';

it('folds any log through any plan into the rows that the plain fold gives', () => {
  fc.assert(
    fc.property(planChoice, anyReadings(40), (choice, readings) => {
      const plan = planOf(choice);
      const log = logOf(readings);
      const expected = foldInterpreted(plan, log).map((row) => printRow(plan.table, row));
      expect(foldLive(plan, log).table.view()).toEqual(expected.sort());
    }),
    { numRuns: 500 },
  );
});

it('keeps sums exact at the edge of the range of doubles, and beyond it on the way', () => {
  const edge = fc
    .constantFrom(1, 2, 3, 4, 970, 969, 971, -1074, 0)
    .chain((exponent) =>
      fc
        .constantFrom(
          Number.MAX_VALUE,
          2 ** 1023,
          ...(exponent > 4 ? [2 ** exponent] : [2 ** 970 * exponent]),
        )
        .chain((x) => fc.constantFrom(x, -x)),
    );
  fc.assert(
    fc.property(fc.array(edge, { minLength: 1, maxLength: 12 }), (amounts) => {
      const plan = planOf({
        keys: ['tenant'],
        time: null,
        where: [],
        sizeMs: 1000,
        offsetMs: 0,
        latenessMs: 0,
        measures: ['amountSum', 'amountAvg'],
      });
      const log = logOf(
        amounts.map((amount) => ({ event: { ...plain, amount }, timestampMs: 0, gap: 0 })),
      );
      const expected = foldInterpreted(plan, log).map((row) => printRow(plan.table, row));
      const { table } = foldLive(plan, log);
      expect(table.view()).toEqual(expected);
      const pieces = foldLive(plan, log, { sizes: [1, 2], after: ['flush and crash'] });
      expect(pieces.table.printed()).toEqual(table.printed());
    }),
    { numRuns: 500 },
  );
});
