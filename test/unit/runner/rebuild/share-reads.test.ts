import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventLog, ReadOptions, ReadPosition } from '../../../../src/log/event-log.ts';
import { RecordBatch } from '../../../../src/log/record-batch.ts';
import { type SharedReader, shareReads } from '../../../../src/runner/rebuild/share-reads.ts';

const none = new Float64Array(0);
const nowhere = new Int32Array(0);

/** A batch `[offset, offset + 1)` that says where it came from. */
function batchAt(topic: string, offset: number): RecordBatch {
  return new RecordBatch(
    {
      topic,
      partition: 0,
      firstOffset: offset,
      nextOffset: offset + 1,
      leaderEpoch: 0,
      stableEndOffset: 100,
      appendTime: false,
    },
    Buffer.alloc(0),
    {
      count: 0,
      offsets: none,
      timestampsMs: none,
      keyStart: nowhere,
      keyEnd: nowhere,
      valueStart: nowhere,
      valueEnd: nowhere,
    },
  );
}

/** A log of empty batches that counts its streams and knows which batch each is at. */
class CountingLog implements Pick<EventLog, 'read'> {
  readonly streams: ReadOptions[] = [];
  open = 0;
  failAt = Number.POSITIVE_INFINITY;
  /** Told when a stream is asked for the batch at an offset. */
  onAsked: (offset: number) => void = () => undefined;

  async *read(positions: readonly ReadPosition[], options: ReadOptions = {}) {
    const [{ topic, offset, untilOffset = 100n }] = positions as [ReadPosition];
    this.streams.push(options);
    this.open += 1;
    try {
      for (let at = Number(offset); at < Number(untilOffset); at += 1) {
        this.onAsked(at);
        await turn();
        if (options.signal?.aborted) return;
        if (at === this.failAt) throw new Error('the log is gone');
        yield batchAt(topic, at);
      }
    } finally {
      this.open -= 1;
    }
  }
}

const at = (offset: number, untilOffset: number, topic = 't'): ReadPosition[] => [
  { topic, partition: 0, offset: BigInt(offset), untilOffset: BigInt(untilOffset) },
];

async function offsetsOf(
  { read, leave }: SharedReader,
  positions: readonly ReadPosition[],
  {
    options = {},
    slowness = 0,
    until = Number.POSITIVE_INFINITY,
  }: {
    readonly options?: ReadOptions;
    readonly slowness?: number;
    readonly until?: number;
  } = {},
): Promise<number[]> {
  const seen: number[] = [];
  for await (const batch of read(positions, options)) {
    for (let i = 0; i < slowness; i += 1) await turn();
    seen.push(batch.firstOffset);
    if (seen.length >= until) break;
  }
  leave();
  return seen;
}

test('readers at one place get every batch from one stream, however slow each is and whenever it leaves', async () => {
  const reader = fc.record({ slowness: fc.nat(3), until: fc.integer({ min: 1, max: 12 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(reader, { minLength: 1, maxLength: 5 }), async (given) => {
      const log = new CountingLog();
      const readers = shareReads(log, given.length);
      const seen = await Promise.all(
        given.map((each, i) => offsetsOf(readers[i] as SharedReader, at(0, 10), each)),
      );
      for (const [i, { until }] of given.entries()) {
        expect(seen[i]).toEqual(Array.from({ length: Math.min(until, 10) }, (_, n) => n));
      }
      expect(log.streams).toHaveLength(1);
      expect(log.open).toBe(0);
    }),
  );
});

test('the next batch is not asked for while anybody is busy with the last one', async () => {
  const log = new CountingLog();
  const [quick, slow] = shareReads(log, 2) as [SharedReader, SharedReader];
  const busy = new Set<string>();
  log.onAsked = () => expect([...busy]).toEqual([]);
  const work = async (name: string, { read, leave }: SharedReader, turns: number) => {
    for await (const batch of read(at(0, 20))) {
      busy.add(name);
      for (let i = 0; i < turns; i += 1) await turn();
      expect(batch.topic).toBe('t');
      busy.delete(name);
    }
    leave();
  };
  await Promise.all([work('quick', quick, 0), work('slow', slow, 5)]);
  expect(log.streams).toHaveLength(1);
});

test('those that stand elsewhere have streams of their own, and nobody waits for those that left', async () => {
  const log = new CountingLog();
  const [one, two, three, four] = shareReads(log, 4) as SharedReader[] as [
    SharedReader,
    SharedReader,
    SharedReader,
    SharedReader,
  ];
  four.leave();
  four.leave();
  const seen = await Promise.all([
    offsetsOf(one, at(0, 3)),
    offsetsOf(two, at(1, 3)),
    offsetsOf(three, at(0, 3)),
  ]);
  expect(seen).toEqual([
    [0, 1, 2],
    [1, 2],
    [0, 1, 2],
  ]);
  expect(log.streams).toHaveLength(2);
});

test('what one reads later it reads alone, from where it stands', async () => {
  const log = new CountingLog();
  const both = shareReads(log, 2);
  const seen = await Promise.all(
    both.map(async ({ read, leave }) => {
      const offsets: number[] = [];
      for (const stretch of [at(0, 4), at(4, 9)])
        for await (const batch of read(stretch)) offsets.push(batch.firstOffset);
      leave();
      return offsets;
    }),
  );
  expect(seen).toEqual([0, 1].map(() => [0, 1, 2, 3, 4, 5, 6, 7, 8]));
  expect(log.streams).toHaveLength(3);
});

test('memory is reused only if all of them allow it', async () => {
  const log = new CountingLog();
  const [one, two] = shareReads(log, 2) as [SharedReader, SharedReader];
  await Promise.all([
    offsetsOf(one, at(0, 2), { options: { reusesMemory: true } }),
    offsetsOf(two, at(0, 2)),
  ]);
  expect(log.streams[0]).toMatchObject({ reusesMemory: false });
});

test('an error of the log reaches all; one that is aborted ends quietly, and the others go on', async () => {
  const log = new CountingLog();
  log.failAt = 5;
  const failed = await Promise.allSettled(
    shareReads(log, 3).map((reader) => offsetsOf(reader, at(0, 9))),
  );
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);

  log.failAt = Number.POSITIVE_INFINITY;
  const stop = new AbortController();
  const [stopped, other] = shareReads(log, 2) as [SharedReader, SharedReader];
  const partly = offsetsOf(stopped, at(0, 50), { options: { signal: stop.signal }, slowness: 1 });
  const whole = offsetsOf(other, at(0, 50));
  for (let i = 0; i < 20; i += 1) await turn();
  stop.abort();
  expect((await partly).length).toBeLessThan(50);
  expect(await whole).toHaveLength(50);
  expect(log.open).toBe(0);
});

test('one that is aborted before the others came does not keep them', async () => {
  const log = new CountingLog();
  const [stopped, other] = shareReads(log, 2) as [SharedReader, SharedReader];
  const stop = new AbortController();
  const ended = offsetsOf(stopped, at(0, 5), { options: { signal: stop.signal } });
  await turn();
  stop.abort();
  expect(await ended).toEqual([]);
  expect(await offsetsOf(other, at(0, 5))).toEqual([0, 1, 2, 3, 4]);
});
