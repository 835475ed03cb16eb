import { describe, expect, test } from 'vitest';
import { commitStatusOf } from '../../../../src/runner/session/flush.ts';
import type { OwnedTask, TopicCheckpoint } from '../../../../src/runner/store/task-key.ts';

const task: OwnedTask = {
  projection: 'user_metrics',
  version: 1,
  partition: 0,
  epoch: 3n,
  owner: 'host/1/a',
  status: { flushes: 7n, watermarkMs: null, deaths: 0, trying: null },
  journal: [],
  quarantinedLetters: [],
  passedMs: null,
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

const batch = (from: bigint, to: bigint) => ({ expected: at(from), next: at(to), flushes: 7n });

const stored = (checkpoints: ReadonlyMap<string, TopicCheckpoint>, flushes = 7n) => ({
  checkpoints,
  flushes,
});

describe('where a folded batch stands against the stored offsets', () => {
  test('it is pending when it begins where they stand', () => {
    expect(commitStatusOf(task, stored(at(10n)), batch(10n, 20n))).toBe('pending');
  });

  test('it is pending when the task has no stored offset and it began without one', () => {
    expect(
      commitStatusOf(task, stored(new Map()), { ...batch(0n, 20n), expected: new Map() }),
    ).toBe('pending');
  });

  test('it is applied when it ends where they stand', () => {
    expect(commitStatusOf(task, stored(at(20n), 8n), batch(10n, 20n))).toBe('applied');
  });

  test('anything else is a mismatch that names the task and the offset', () => {
    for (const offset of [0n, 9n, 11n, 19n, 21n]) {
      expect(() => commitStatusOf(task, stored(at(offset)), batch(10n, 20n))).toThrowError(
        expect.objectContaining({ code: 'OFFSET_MISMATCH', retriable: true }),
      );
      expect(() => commitStatusOf(task, stored(at(offset)), batch(10n, 20n))).toThrowError(
        `user_metrics v1 [0] is at user-actions@${offset}`,
      );
    }
  });

  test('a promoted standby that lost a tick before the batch is a mismatch, although the offsets fit', () => {
    expect(() => commitStatusOf(task, stored(at(10n), 6n), batch(10n, 20n))).toThrowError(
      expect.objectContaining({ code: 'OFFSET_MISMATCH', retriable: true }),
    );
  });

  test('a tick, which moves no offset, is told by the count of commits', () => {
    const tick = { expected: at(10n), next: new Map(), flushes: 7n };
    expect(commitStatusOf(task, stored(at(10n), 7n), tick)).toBe('pending');
    expect(commitStatusOf(task, stored(at(10n), 8n), tick)).toBe('applied');
    expect(() => commitStatusOf(task, stored(at(10n), 9n), tick)).toThrowError(
      expect.objectContaining({ code: 'OFFSET_MISMATCH' }),
    );
  });
});
