import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpectedRows } from '../../../bench/workload/expected-rows.ts';
import {
  PaymentStream,
  START_MS,
  USERS,
  WINDOW_MS,
} from '../../../bench/workload/payment-stream.ts';

interface Row {
  userIndex: number;
  windowStartMs: number;
  amounts: number[];
}

function rowsOf(events: number, seed: number): Row[] {
  const rows = new Map<string, Row>();
  const stream = new PaymentStream({ seed, eventsApartMs: 500 });
  while (stream.count < events) {
    stream.next();
    const { userIndex, occurredAtMs } = stream;
    const windowStartMs = occurredAtMs - (occurredAtMs % WINDOW_MS);
    const row = rows.get(`${userIndex} ${windowStartMs}`) ?? {
      userIndex,
      windowStartMs,
      amounts: [],
    };
    row.amounts.push(stream.amount);
    rows.set(`${userIndex} ${windowStartMs}`, row);
  }
  return [...rows.values()];
}

/** The exact sum of doubles in [1, 1024), in units of 2^-52, rounded once. */
function exactSum(amounts: readonly number[]): number {
  const unit = 2 ** 52;
  return Number(amounts.reduce((sum, amount) => sum + BigInt(amount * unit), 0n)) / unit;
}

describe('the rows a bench expects', () => {
  it('are those of a plain fold with exact sums', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 2_000 }),
        (seed, events) => {
          const expected = new ExpectedRows(events, { seed, eventsApartMs: 500 });
          const rows = rowsOf(events, seed);
          expect(expected.rowCount).toBe(rows.length);
          for (const { userIndex, windowStartMs, amounts } of rows) {
            expect(expected.row(userIndex, windowStartMs)).toEqual({
              payments: amounts.length,
              total: exactSum(amounts),
              smallest: Math.min(...amounts),
              largest: Math.max(...amounts),
            });
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are none where there was no event', () => {
    const expected = new ExpectedRows(10);
    expect(expected.row(0, START_MS - WINDOW_MS)).toBeNull();
    expect(expected.row(USERS - 1, START_MS + 1)).toBeNull();
  });

  it('keep the density of the job: about 840,000 rows from 5,000,000 events', () => {
    const events = 500_000;
    const { rowCount } = new ExpectedRows(events);
    expect(rowCount / events).toBeGreaterThan(0.16);
    expect(rowCount / events).toBeLessThan(0.19);
  });
});
