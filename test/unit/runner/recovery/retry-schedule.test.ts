import { describe, expect, test } from 'vitest';
import type { ErrorPolicy } from '../../../../src/projection/plan/error-policy.ts';
import { RetrySchedule } from '../../../../src/runner/recovery/retry-schedule.ts';
import { TaskErrorPolicy } from '../../../../src/runner/recovery/task-error-policy.ts';
import type { QuarantinedLetter } from '../../../../src/runner/store/task-key.ts';

const quarantined = (key: string | null, offset: number, attempts = 1): QuarantinedLetter => ({
  ...{ key: key === null ? null : Buffer.from(key), topic: 'a', offset: BigInt(offset), attempts },
});

function scheduleOf(policy: ErrorPolicy) {
  let nowMs = 0;
  const schedule = new RetrySchedule(new TaskErrorPolicy(policy), () => nowMs);
  return {
    schedule,
    passMs: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('a retry schedule', () => {
  test('lets a letter wait as its policy says, longer each time, until its attempts are used up', () => {
    const { schedule, passMs } = scheduleOf({
      ...{ policy: 'retryAndSkip', attempts: 4, initialMs: 100, factor: 3 },
    });
    schedule.sync([quarantined('k', 5)]);
    for (const [waitMs, isLeft] of [
      [100, true],
      [300, true],
      [900, false],
    ] as const) {
      expect(schedule.untilDueMs()).toBe(waitMs);
      expect(schedule.due()).toBeNull();
      passMs(waitMs);
      const retry = schedule.due();
      expect(retry?.letter.offset).toBe(5n);
      expect(retry !== null && schedule.failed(retry)).toBe(isLeft);
    }
  });

  test('has the letter behind one that passed due at once, and keeps the times of other keys', () => {
    const { schedule, passMs } = scheduleOf('retryAndSkip');
    schedule.sync([quarantined('k', 5), quarantined('l', 6), quarantined(null, 7)]);
    passMs(99);
    schedule.sync([quarantined('k', 5), quarantined('l', 6), quarantined(null, 7)]);
    expect(schedule.untilDueMs()).toBe(1);
    passMs(1);
    const retry = schedule.due();
    if (retry === null) throw new TypeError('none is due');
    schedule.passed(retry, quarantined('k', 9, 0));
    expect(schedule.due()?.letter.offset).toBe(6n);
  });

  test('no wait is longer than an hour, whatever the factor', () => {
    const { schedule } = scheduleOf({
      ...{ policy: 'retryAndFail', attempts: 1_000, initialMs: 10, factor: 100 },
    });
    schedule.sync([quarantined('k', 5, 900)]);
    expect(schedule.untilDueMs()).toBe(3_600_000);
  });

  test('a task that halted for a letter tries it anew; one that gives up gives up at once', () => {
    const fail = scheduleOf('retryAndFail').schedule;
    fail.sync([quarantined('k', 5, 3)]);
    expect(fail.due()).toMatchObject({ attempts: 0 });
    const skip = scheduleOf('retryAndSkip').schedule;
    skip.sync([quarantined('k', 5, 3)]);
    const retry = skip.due();
    expect(retry !== null && skip.isSpent(retry)).toBe(true);
  });

  test('is empty without retries', () => {
    const { schedule } = scheduleOf('quarantineKey');
    schedule.sync([quarantined('k', 5)]);
    expect(schedule.untilDueMs()).toBeNull();
  });
});
