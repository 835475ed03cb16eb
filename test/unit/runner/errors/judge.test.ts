import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../../../src/fold/task-fold.ts';
import { batchOfRecord } from '../../../../src/log/batch-of-record.ts';
import { Judge } from '../../../../src/runner/errors/judge.ts';
import { KeyHold } from '../../../../src/runner/errors/key-hold.ts';

function letter(offset: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    topic: 'a',
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 0,
    reason: 'HANDLER_FAILED',
    message: 'out of luck',
    key: Buffer.from('k'),
    value: null,
    headers: [],
    byClock: false,
    ...more,
  };
}

const verdicts = (judge: Judge, offset: number, times: number) =>
  Array.from({ length: times }, () => judge.verdict(letter(offset)).verdict);

describe('a judge', () => {
  test('decides at once by fail and skip', () => {
    expect(verdicts(new Judge('fail'), 1, 1)).toEqual(['stop']);
    expect(verdicts(new Judge('skip'), 1, 1)).toEqual(['setAside']);
  });

  test('has a record tried three times, each record by itself', () => {
    const judge = new Judge('retryAndSkip');
    expect(verdicts(judge, 1, 2)).toEqual(['tryAgain', 'tryAgain']);
    expect(judge.verdict(letter(2))).toEqual({ verdict: 'tryAgain', attempts: 1 });
    expect(judge.verdict(letter(1))).toEqual({ verdict: 'setAside', attempts: 3 });
    expect(judge.verdict(letter(1))).toEqual({ verdict: 'setAside', attempts: 3 });
    expect(verdicts(new Judge('retryAndFail'), 1, 3).at(-1)).toBe('stop');
  });

  test('forgets a record that was set aside by a commit', () => {
    const judge = new Judge('retryAndSkip');
    judge.condemn({ letter: letter(1), attempts: 1, holdsKey: false });
    judge.settled(letter(1));
    expect(judge.condemned('a', 0, 1)).toBeUndefined();
  });

  test.each(['FUTURE', 'PATTERN_RUNS_EXCEEDED'] as const)(
    'sets %s aside whatever the policy',
    (reason) => {
      expect(new Judge('fail').verdict(letter(1, { reason })).verdict).toBe('setAside');
    },
  );

  test('has no key to hold for a record without one', () => {
    const judge = new Judge('quarantineKey');
    expect(judge.verdict(letter(1, { key: null })).verdict).toBe('setAside');
    expect(judge.verdict(letter(2)).verdict).toBe('holdKey');
  });
});

describe('a held key', () => {
  const record = (offset: number, key: string | null) =>
    batchOfRecord(letter(offset, { key: key === null ? null : Buffer.from(key) }));
  const asideOf = (hold: KeyHold, offset: number, key: string | null) =>
    hold.part(record(offset, key)).aside.map(({ quarantine }) => quarantine);

  test('holds the record that failed and those after it, not those before, nor other keys', () => {
    const judge = new Judge('quarantineKey');
    judge.verdict(letter(5));
    const hold = new KeyHold([], judge);
    expect(asideOf(hold, 4, 'k')).toEqual([]);
    expect(asideOf(hold, 5, 'k')).toEqual(['failed']);
    expect(asideOf(hold, 6, 'k')).toEqual(['waiting']);
    expect(asideOf(hold, 7, 'other')).toEqual([]);
    expect(asideOf(hold, 8, null)).toEqual([]);
  });

  test('is held still by the next session', () => {
    const hold = new KeyHold([Buffer.from('k')], new Judge('fail'));
    expect(asideOf(hold, 9, 'k')).toEqual(['waiting']);
  });
});
