import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../../../src/fold/task/task-fold.ts';
import { batchOfRecords } from '../../../../src/log/batch-of-records.ts';
import { Quarantine } from '../../../../src/runner/recovery/quarantine.ts';
import { TaskErrorPolicy } from '../../../../src/runner/recovery/task-error-policy.ts';

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

describe('the error policy of a task', () => {
  test('decides at once by fail and skip', () => {
    expect(new TaskErrorPolicy('fail').decide(letter(1))).toBe('stop');
    expect(new TaskErrorPolicy('skip').decide(letter(1))).toBe('setAside');
  });

  test('quarantines a record while attempts are left, with or without a key', () => {
    for (const policy of ['retryAndSkip', 'retryAndFail'] as const) {
      expect(new TaskErrorPolicy(policy).decide(letter(1))).toBe('quarantine');
      expect(new TaskErrorPolicy(policy).decide(letter(1, { key: null }))).toBe('quarantine');
    }
    expect(new TaskErrorPolicy('retryAndSkip').afterAttempts(letter(1))).toBe('setAside');
    expect(new TaskErrorPolicy('retryAndFail').afterAttempts(letter(1))).toBe('stop');
  });

  test('tries no record again that would end the process, or whose bytes are not there', () => {
    const pill = letter(1, { reason: 'POISON_PILL' });
    const unpacked = letter(1, { reason: 'BUDGET_EXCEEDED' });
    for (const each of [pill, unpacked]) {
      expect(new TaskErrorPolicy('retryAndSkip').decide(each)).toBe('setAside');
      expect(new TaskErrorPolicy('retryAndFail').decide(each)).toBe('stop');
    }
  });

  test('of one attempt decides at the first failure', () => {
    const policy = new TaskErrorPolicy({ policy: 'retryAndFail', attempts: 1 });
    expect(policy.decide(letter(1))).toBe('stop');
  });

  test('forgets a record that was set aside by a commit', () => {
    const policy = new TaskErrorPolicy('retryAndSkip');
    policy.reject({ letter: letter(1), isQuarantined: false });
    policy.settled(letter(1));
    expect(policy.rejected('a', 0, 1)).toBeUndefined();
  });

  test.each(['FUTURE', 'PATTERN_RUNS_EXCEEDED'] as const)(
    'sets %s aside whatever the policy',
    (reason) => {
      for (const policy of ['fail', 'retryAndFail', 'quarantineKey'] as const) {
        expect(new TaskErrorPolicy(policy).decide(letter(1, { reason }))).toBe('setAside');
      }
    },
  );

  test('sets a record without a key aside', () => {
    const policy = new TaskErrorPolicy('quarantineKey');
    expect(policy.decide(letter(1, { key: null }))).toBe('setAside');
    expect(policy.decide(letter(2))).toBe('quarantine');
  });
});

describe('a quarantined key', () => {
  const record = (offset: number, key: string | null) =>
    batchOfRecords([letter(offset, { key: key === null ? null : Buffer.from(key) })]);
  const asideOf = (keys: Quarantine, offset: number, key: string | null) =>
    keys.part(record(offset, key)).aside.map(({ quarantine }) => quarantine);

  test('quarantines the record that failed and later ones of its key, no earlier ones, no other keys', () => {
    const policy = new TaskErrorPolicy('quarantineKey');
    policy.reject({ letter: letter(5), isQuarantined: true });
    const quarantine = new Quarantine([], policy);
    expect(asideOf(quarantine, 4, 'k')).toEqual([]);
    expect(asideOf(quarantine, 5, 'k')).toEqual(['failed']);
    expect(asideOf(quarantine, 6, 'k')).toEqual(['waiting']);
    expect(asideOf(quarantine, 7, 'other')).toEqual([]);
    expect(asideOf(quarantine, 8, null)).toEqual([]);
  });

  test('is still quarantined in the next session', () => {
    const quarantine = new Quarantine([Buffer.from('k')], new TaskErrorPolicy('fail'));
    expect(asideOf(quarantine, 9, 'k')).toEqual(['waiting']);
  });
});
