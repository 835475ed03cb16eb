import { expect, test } from 'vitest';
import { Judge } from '../../../../src/runner/errors/judge.ts';

const verdicts = (judge: Judge, record: string, times: number) =>
  Array.from({ length: times }, () => judge.verdict(record).verdict);

test('fail and skip decide at once', () => {
  expect(verdicts(new Judge('fail'), 'a[0]@1', 1)).toEqual(['stop']);
  expect(verdicts(new Judge('skip'), 'a[0]@1', 1)).toEqual(['setAside']);
});

test('a record is tried three times, each record by itself', () => {
  const judge = new Judge('retryAndSkip');
  expect(verdicts(judge, 'a[0]@1', 2)).toEqual(['tryAgain', 'tryAgain']);
  expect(judge.verdict('a[0]@2')).toEqual({ verdict: 'tryAgain', attempts: 1 });
  expect(judge.verdict('a[0]@1')).toEqual({ verdict: 'setAside', attempts: 3 });
  expect(judge.verdict('a[0]@1')).toEqual({ verdict: 'setAside', attempts: 3 });
  expect(verdicts(new Judge('retryAndFail'), 'a[0]@1', 3).at(-1)).toBe('stop');
});
