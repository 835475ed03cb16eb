import { describe, expect, test } from 'vitest';
import type { OwnedTask, TopicCheckpoint } from '../../../src/runner/checkpoint.ts';
import { standingOf } from '../../../src/runner/flush.ts';

const task: OwnedTask = {
  projection: 'user_metrics',
  version: 1,
  partition: 0,
  epoch: 3n,
  checkpoints: new Map(),
};

function at(nextOffset: bigint): ReadonlyMap<string, TopicCheckpoint> {
  const checkpoint: TopicCheckpoint = {
    topic: 'user-actions',
    topicId: 'id',
    nextOffset,
    lastOffset: null,
    lastLeaderEpoch: null,
    lastRecordHash: null,
    maxEventTimeMs: null,
  };
  return new Map([['user-actions', checkpoint]]);
}

const batch = (from: bigint, to: bigint) => ({
  rows: { count: 0, columns: [] },
  deadLetters: [],
  expected: at(from),
  next: at(to),
});

describe('where a folded batch stands against the stored offsets', () => {
  test('it is pending when it begins where they stand', () => {
    expect(standingOf(task, at(10n), batch(10n, 20n))).toBe('pending');
  });

  test('it is pending when the task has no stored offset and it began without one', () => {
    expect(standingOf(task, new Map(), { ...batch(0n, 20n), expected: new Map() })).toBe('pending');
  });

  test('it is applied when it ends where they stand', () => {
    expect(standingOf(task, at(20n), batch(10n, 20n))).toBe('applied');
  });

  test('anything else is a mismatch that names the task and the offset', () => {
    for (const stored of [0n, 9n, 11n, 19n, 21n]) {
      expect(() => standingOf(task, at(stored), batch(10n, 20n))).toThrowError(
        expect.objectContaining({ code: 'OFFSET_MISMATCH', retriable: true }),
      );
      expect(() => standingOf(task, at(stored), batch(10n, 20n))).toThrowError(
        `user_metrics v1 [0] stands at user-actions@${stored}`,
      );
    }
  });
});
