import { expect, test } from 'vitest';
import { parseTaskSelection } from '../../../../src/runner/ownership/task-selection.ts';

const plans = [{ name: 'user_metrics' }, { name: 'login_fraud' }];

test('names whole projections, partitions and ranges, which add up', () => {
  expect(parseTaskSelection(null, plans)).toBeNull();
  expect(
    parseTaskSelection(
      ['login_fraud', 'user_metrics:0-2', 'user_metrics:2', 'user_metrics:7'],
      plans,
    ),
  ).toEqual(
    new Map([
      ['login_fraud', null],
      ['user_metrics', [0, 1, 2, 7]],
    ]),
  );
  expect(parseTaskSelection(['login_fraud:1', 'login_fraud'], plans)).toEqual(
    new Map([['login_fraud', null]]),
  );
});

test.each(['', 'fraud', 'login_fraud:', 'login_fraud:a', 'login_fraud:3-1', 'login_fraud:1-2-3'])(
  'refuses "%s" and says how to write it',
  (text) => {
    expect(() => parseTaskSelection([text], plans)).toThrow(
      /PROJECTION:0-3; projections are user_metrics, login_fraud/,
    );
  },
);
