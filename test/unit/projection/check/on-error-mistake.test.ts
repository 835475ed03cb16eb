import fc from 'fast-check';
import { expect, test } from 'vitest';
import { configSchema } from '../../../../src/config/config-schema.ts';
import { onErrorMistake } from '../../../../src/projection/check/on-error-mistake.ts';
import { ERROR_POLICIES } from '../../../../src/projection/plan/error-policy.ts';

test.each([
  ['ignore', /^takes fail, skip, .* quarantineKey, not "ignore"$/],
  [3, /not 3$/],
  [{ policy: 'ignore' }, /^takes fail, .* not "ignore"$/],
  [{ policy: 'skip' }, /^skip has no retries: write it as 'skip'$/],
  [{ policy: 'skip', attempts: 3 }, /^skip has no retries: write it as 'skip'$/],
  [{ policy: 'retryAndSkip', attempts: 0 }, /^attempts is 1 to 1000, not 0$/],
  [{ policy: 'retryAndSkip', attempts: 1.5 }, /^attempts is 1 to 1000, not 1.5$/],
  [{ policy: 'retryAndFail', initialMs: '100' }, /^initialMs is 0 to 3600000, not "100"$/],
  [{ policy: 'retryAndFail', attempt: 3 }, /^retryAndFail takes attempts, .* not attempt$/],
  [{ policy: 'retryAndFail', toString: 3 }, /^retryAndFail takes attempts, .* not toString$/],
  [{ live: 'skip', rebuild: 'ignore' }, /^rebuild: takes fail, .* not "ignore"$/],
  [{ live: { policy: 'retryAndFail', factor: 1_000 } }, /^live: factor is 1 to 100, not 1000$/],
  [{ lives: 'skip' }, /^takes a policy, or live and rebuild, not lives$/],
])('of %j it is said what is wrong', (given, expected) => {
  expect(onErrorMistake(given)).toMatch(expected);
});

const policy = fc.oneof(
  fc.constantFrom(...ERROR_POLICIES, 'ignore', 3, null),
  fc.record(
    {
      policy: fc.constantFrom(...ERROR_POLICIES, 'ignore'),
      attempts: fc.constantFrom(0, 1, 1.5, 1_000, 1_001, '3', null),
      initialMs: fc.constantFrom(-1, 0, 0.5, 3_600_000, 3_600_001, Number.NaN),
      factor: fc.constantFrom(0.9, 1, 100, 101, Number.POSITIVE_INFINITY),
      other: fc.constant(1),
    },
    { requiredKeys: [] },
  ),
);

test('it finds a mistake where the schema of the configuration does, and nowhere else', () => {
  const given = fc.oneof(
    policy,
    fc.record({ live: policy, rebuild: policy, other: policy }, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(given, (onError) => {
      const isValid = configSchema.shape.onError.safeParse(onError).success;
      expect(onErrorMistake(onError) === null).toBe(isValid);
    }),
    { numRuns: 2_000 },
  );
});
