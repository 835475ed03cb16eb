/** True in the long form, `npm run test:faults`; the short form is what CI can afford. */
export const isLongRun = process.env['REPRISE_TEST_LONG'] === '1';

/**
 * Of the whole run: `REPRISE_TEST_SEED`, else of the day's clock. Printed in the names of the tests
 * that use it.
 */
export const seed = Number(process.env['REPRISE_TEST_SEED'] ?? Date.now() % 1_000_000);

/**
 * For `fc.assert`: ends after so many milliseconds, also in the middle of shrinking, so that what
 * failed is told instead of a time-out of the test.
 */
export function within(timeLimitMs: number) {
  return { interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: true };
}

/**
 * Seeded numbers in [0, 1), the same sequence for the same seed (a linear congruential generator).
 */
export function randomFrom(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
