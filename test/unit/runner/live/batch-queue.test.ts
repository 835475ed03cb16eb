import { expect, test } from 'vitest';
import { RecordBatch } from '../../../../src/log/record-batch.ts';
import { BatchQueue } from '../../../../src/runner/live/batch-queue.ts';

/** Two records; `count` 1: the first of them alone. */
function batchOf(firstOffset: number, valueBytes = 10, count = 2): RecordBatch {
  const origin = {
    topic: 't',
    partition: 0,
    firstOffset,
    nextOffset: firstOffset + 2,
    leaderEpoch: -1,
    stableEndOffset: 100,
    appendTime: false,
  };
  return new RecordBatch(origin, Buffer.alloc(0), {
    count,
    offsets: Float64Array.of(firstOffset, firstOffset + 1),
    timestampsMs: new Float64Array(2),
    keyStart: Int32Array.of(-1, -1),
    keyEnd: Int32Array.of(-1, -1),
    valueStart: Int32Array.of(0, valueBytes),
    valueEnd: Int32Array.of(valueBytes, 2 * valueBytes),
  });
}

test('takes everything queued, in order', async () => {
  const queue = new BatchQueue();
  await queue.push(batchOf(0));
  await queue.push(batchOf(2));
  expect((await queue.takeAll()).map(({ firstOffset }) => firstOffset)).toEqual([0, 2]);
});

test('a consumer that waits is given the next batch', async () => {
  const queue = new BatchQueue();
  const taken = queue.takeAll();
  await queue.push(batchOf(7));
  expect((await taken).map(({ firstOffset }) => firstOffset)).toEqual([7]);
});

test('a producer waits while too many bytes are queued, and goes on once they are taken', async () => {
  const queue = new BatchQueue();
  await queue.push(batchOf(0, 9 * 1024 * 1024));
  let pushed = false;
  const second = queue.push(batchOf(2)).then(() => {
    pushed = true;
  });
  await Promise.resolve();
  expect(pushed).toBe(false);
  await queue.takeAll();
  await second;
  expect(pushed).toBe(true);
});

test('a batch of one large record counts as many bytes as it has', async () => {
  const queue = new BatchQueue();
  await queue.push(batchOf(0, 9 * 1024 * 1024, 1));
  let pushed = false;
  const second = queue.push(batchOf(1)).then(() => {
    pushed = true;
  });
  await Promise.resolve();
  expect(pushed).toBe(false);
  await queue.takeAll();
  await second;
});

test('ending lets both sides go and drops what is queued', async () => {
  const queue = new BatchQueue();
  await queue.push(batchOf(0, 9 * 1024 * 1024));
  const blocked = queue.push(batchOf(2));
  queue.end();
  await blocked;
  expect(await queue.takeAll()).toEqual([]);
});
