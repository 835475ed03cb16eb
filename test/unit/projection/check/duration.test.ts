import fc from 'fast-check';
import { expect, it } from 'vitest';
import { durationMs } from '../../../../src/projection/check/duration.ts';
import { RepriseError } from '../../../../src/reprise-error.ts';

it.each([
  [0, 0],
  [1500, 1500],
  ['1 minute', 60_000],
  ['90 seconds', 90_000],
  ['1 millisecond', 1],
  [' 2 hours ', 7_200_000],
  ['1 day', 86_400_000],
  ['0.5 seconds', 500],
  ['1.001 seconds', 1001],
  ['-30 minutes', -1_800_000],
  ['PT1M', 60_000],
  ['PT1M30S', 90_000],
  ['PT0.001S', 1],
  ['P1D', 86_400_000],
  ['P1DT2H', 93_600_000],
])('reads %j as %d ms', (text, ms) => {
  expect(durationMs(text, 'here')).toBe(ms);
});

it.each([
  '',
  'soon',
  '1',
  '1 month',
  'minute',
  '1.5.2 hours',
  'P',
  'PT',
  'P1M',
  'PT1',
  '0.0001 seconds',
  0.5,
  Number.NaN,
  Infinity,
])('refuses %j', (text) => {
  const reading = () => durationMs(text, 'the lateness of Metrics');
  expect(reading).toThrow(RepriseError);
  expect(reading).toThrow(
    `the lateness of Metrics: ${typeof text === 'string' ? JSON.stringify(text) : text} is not a duration`,
  );
});

it('reads milliseconds, words and ISO 8601 alike', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), (ms) => {
      expect(durationMs(ms, '')).toBe(ms);
      expect(durationMs(`${ms} milliseconds`, '')).toBe(ms);
      expect(durationMs(`${(ms / 1000).toFixed(3)} seconds`, '')).toBe(ms);
      expect(durationMs(`PT${(ms / 1000).toFixed(3)}S`, '')).toBe(ms);
    }),
  );
});
