import { expect, test } from 'vitest';
import { packError, unpackError } from '../../../src/composition/packed-error.ts';
import { isRepriseError, RepriseError } from '../../../src/reprise-error.ts';

/** As between threads. */
const across = (error: unknown) => unpackError(structuredClone(packError(error)));

test('a reprise error arrives as one: code, message, facts, whether it may be tried again, cause', () => {
  const cause = Object.assign(new TypeError('no such column'), { code: '42703' });
  const facts = { topic: 'payments', partition: 3, offset: 1042n, key: null };
  const sent = new RepriseError('DECODE_FAILED', 'payments[3]@1042', {
    cause,
    facts,
    retriable: true,
  });
  const error = across(sent);
  expect(isRepriseError(error, 'DECODE_FAILED')).toBe(true);
  expect(error).toMatchObject({ message: 'payments[3]@1042', facts, retriable: true });
  expect(error.stack).toBe(sent.stack);
  expect(error.cause).toMatchObject({ name: 'TypeError', message: cause.message, code: '42703' });
});

test('another error keeps name, message, stack and code', () => {
  const sent = Object.assign(new RangeError('too far'), { code: 'ERR_OUT_OF_RANGE' });
  const error = across(sent);
  expect(isRepriseError(error)).toBe(false);
  expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: sent.code });
  expect(error.stack).toBe(sent.stack);
});

test('what is no error arrives as one, and causes that go round end', () => {
  expect(across('gone')).toMatchObject({ message: 'gone' });
  const round = new Error('round');
  round.cause = round;
  let depth = 0;
  for (let error: unknown = across(round); error instanceof Error; error = error.cause) depth += 1;
  expect(depth).toBeGreaterThan(1);
});
