import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppendRecord, EventLog, ReadPosition } from '../../log/event-log.ts';
import { recordAt } from '../../log/record-at.ts';
import type { LogRecord, RecordBatch } from '../../log/record-batch.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { spoilBatch } from '../spoil-batch.ts';

/** The adapter under test. */
export interface EventLogSubject {
  /** Opens a new log on the same server at each call; the suite closes it. */
  readonly open: () => Promise<EventLog> | EventLog;
  /** Returns an unused topic name that starts with `prefix`. */
  readonly uniqueTopic: (prefix: string) => string;
}

/**
 * Registers the contract of `EventLog` as vitest tests; every adapter must pass it. Call it inside
 * a `describe` or at the top of a test file.
 * @example
 * eventLogContract({
 *   open: () => log,
 *   uniqueTopic: (prefix) => `${prefix}-${Math.random()}`,
 * });
 */
export function eventLogContract(subject: EventLogSubject): void {
  describe('an event log', () => {
    let log: EventLog;
    beforeAll(async () => {
      log = await subject.open();
    });
    afterAll(() => log.close());
    const context = {
      subject,
      log: () => log,
      newTopic: async (partitions: number) => {
        const topic = subject.uniqueTopic('contract');
        await log.ensureTopics([{ topic, partitions }]);
        return topic;
      },
    };
    topicTests(context);
    appendTests(context);
    readTests(context);
    memoryTests(context);
    boundsTests(context);
    streamTests(context);
  });
}

interface Context {
  readonly subject: EventLogSubject;
  readonly log: () => EventLog;
  readonly newTopic: (partitions: number) => Promise<string>;
}

function topicTests({ log, newTopic, subject }: Context): void {
  test('has an identity that stays', async () => {
    const identity = await log().identity();
    expect(identity).not.toBe('');
    expect(await log().identity()).toBe(identity);
  });

  test('describes a new topic as empty partitions from 0', async () => {
    const topic = await newTopic(3);
    const described = (await log().describe([topic])).get(topic);
    expect(described?.topicId).not.toBe('');
    expect(described?.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    for (const partition of described?.partitions ?? []) {
      expect(partition).toMatchObject({ startOffset: 0n, stableEndOffset: 0n });
    }
  });

  test('leaves an existing topic as it is and refuses another partition count', async () => {
    const topic = await newTopic(2);
    await log().append([record(topic, 'k', 'v')]);
    const before = (await log().describe([topic])).get(topic);
    await log().ensureTopics([{ topic, partitions: 2 }]);
    expect((await log().describe([topic])).get(topic)).toEqual(before);
    await expect(log().ensureTopics([{ topic, partitions: 3 }])).rejects.toMatchObject({
      code: 'PARTITIONS_CHANGED',
    });
  });

  test('says UNKNOWN_TOPIC to describe, append and read', async () => {
    const topic = subject.uniqueTopic('missing');
    const unknown = { code: 'UNKNOWN_TOPIC' };
    await expect(log().describe([topic])).rejects.toMatchObject(unknown);
    await expect(log().append([record(topic, 'k', 'v')])).rejects.toMatchObject(unknown);
    await expect(take(log(), [{ topic, partition: 0, offset: 0n }], 1)).rejects.toMatchObject(
      unknown,
    );
  });
}

function appendTests({ log, newTopic }: Context): void {
  test('gives each record its position, gapless and in the order given', async () => {
    const topic = await newTopic(2);
    const records = Array.from({ length: 50 }, (_, i) => ({
      ...record(topic, `k${i}`, `v${i}`),
      partition: i % 2,
    }));
    const positions = await log().append(records);
    expect(positions.map(({ partition, offset }) => `${partition}:${offset}`)).toEqual(
      records.map((_, i) => `${i % 2}:${Math.floor(i / 2)}`),
    );
    const more = await log().append([{ ...record(topic, 'k', 'v'), partition: 1 }]);
    expect(more).toEqual([{ topic, partition: 1, offset: 25n }]);
  });

  test('partitions by murmur2 of the key, as Java does', async () => {
    const topic = await newTopic(4);
    const positions = await log().append(
      ['a', 'ab', 'abc', 'foobar'].map((key) => record(topic, key, '')),
    );
    expect(positions.map(({ partition }) => partition)).toEqual(javaPartitions);
  });

  test('spreads records without key over the partitions', async () => {
    const topic = await newTopic(2);
    const positions = await log().append(
      Array.from({ length: 8 }, () => ({ topic, key: null, value: Buffer.from('v') })),
    );
    expect(new Set(positions.map(({ partition }) => partition))).toEqual(new Set([0, 1]));
  });

  test('acknowledges nothing for no records', async () => {
    expect(await log().append([])).toEqual([]);
  });
}

/**
 * Partitions of `a`, `ab`, `abc` and `foobar`, of 4: computed with
 * `Utils.toPositive(Utils.murmur2(key)) % 4` of Kafka's Java client.
 */
const javaPartitions = [0, 2, 3, 2];

function readTests({ log, newTopic }: Context): void {
  test('gives back keys, values, headers and timestamps exactly, with nulls and empties apart', async () => {
    const topic = await newTopic(1);
    const written: AppendRecord[] = [
      {
        topic,
        partition: 0,
        key: Buffer.from('k'),
        value: Buffer.from([0, 255]),
        timestampMs: 1_700_000_000_123,
        headers: [
          { key: 'trace', value: Buffer.from('1') },
          { key: 'trace', value: Buffer.from('2') },
          { key: 'empty', value: Buffer.alloc(0) },
        ],
      },
      { topic, partition: 0, key: null, value: null, timestampMs: 1, headers: [] },
      { topic, partition: 0, key: Buffer.alloc(0), value: Buffer.alloc(0), timestampMs: 2 },
    ];
    await log().append(written);
    const read = await readAll(log(), topic);
    expect(read.map(comparable)).toEqual(
      written.map((one, i) => comparable({ ...one, offset: BigInt(i), partition: 0 })),
    );
  });

  test('ends exactly at untilOffset and starts in the middle of a batch', async () => {
    const topic = await newTopic(1);
    await log().append(Array.from({ length: 100 }, (_, i) => record(topic, 'k', `v${i}`)));
    const position = { topic, partition: 0, offset: 37n, untilOffset: 61n };
    const { records, batches } = await collect(log().read([position]));
    expect(records.map(({ offset }) => Number(offset))).toEqual(range(37, 61));
    expect(batches.at(-1)?.nextOffset).toBe(61);
  });

  test('chains batches without gap: each begins where the one before ended', async () => {
    const topic = await newTopic(3);
    const records = Array.from({ length: 3_000 }, (_, i) => record(topic, `k${i}`, 'x'.repeat(50)));
    for (let i = 0; i < 3_000; i += 250) await log().append(records.slice(i, i + 250));
    const { batches } = await collect(
      log().read(await wholeTopic(log(), topic), { partitionBytesMax: 4_096 }),
    );
    const next = new Map<number, number>();
    for (const batch of batches) {
      expect(batch.firstOffset).toBe(next.get(batch.partition) ?? 0);
      for (let i = 0; i < batch.count; i += 1) {
        expect(batch.offsets[i]).toBeGreaterThanOrEqual(batch.firstOffset);
        expect(batch.offsets[i]).toBeLessThan(batch.nextOffset);
      }
      next.set(batch.partition, batch.nextOffset);
    }
    expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(3_000);
  });
}

function memoryTests({ log, newTopic }: Context): void {
  test('gives the same records when memory is reused, each batch until the next is asked for', async () => {
    const topic = await newTopic(3);
    const records = Array.from({ length: 6_000 }, (_, i) => record(topic, `k${i}`, 'x'.repeat(90)));
    for (let i = 0; i < 6_000; i += 500) await log().append(records.slice(i, i + 500));
    const positions = await wholeTopic(log(), topic);
    const options = { partitionBytesMax: 70_000, reusesMemory: true };
    const read: unknown[] = [];
    for await (const batch of log().read(positions, options)) {
      for (let i = 0; i < batch.count; i += 1) read.push(comparable(recordAt(batch, i)));
      spoilBatch(batch);
    }
    const kept = (await readAll(log(), topic)).map(comparable);
    const inOrder = (records: readonly unknown[]) => records.map((one) => inspect(one)).sort();
    expect(inOrder(read)).toEqual(inOrder(kept));
    expect(read.length).toBe(6_000);
  });
}

function boundsTests({ log, newTopic }: Context): void {
  test('delivers a record larger than partitionBytesMax', async () => {
    const topic = await newTopic(1);
    const large = Buffer.alloc(300_000, 7);
    await log().append([
      { topic, key: null, value: large },
      { topic, key: null, value: Buffer.from('next') },
    ]);
    const { records } = await collect(
      log().read(await wholeTopic(log(), topic), { partitionBytesMax: 1_024 }),
    );
    expect(records.map(({ value }) => value?.length)).toEqual([300_000, 4]);
  });

  test('says OFFSET_OUT_OF_RANGE beyond the end and resets nothing', async () => {
    const topic = await newTopic(1);
    await log().append([record(topic, 'k', 'v')]);
    const error: unknown = await take(log(), [{ topic, partition: 0, offset: 5n }], 1).catch(
      (thrown: unknown) => thrown,
    );
    expect(isRepriseError(error, 'OFFSET_OUT_OF_RANGE')).toBe(true);
    expect(error).toMatchObject({ facts: { topic, partition: 0, offset: 5n } });
  });
}

function streamTests({ subject, log, newTopic }: Context): void {
  test('delivers records appended after the read began', async () => {
    const topic = await newTopic(1);
    const reading = take(log(), [{ topic, partition: 0, offset: 0n }], 3);
    for (const value of ['a', 'b', 'c']) await log().append([record(topic, 'k', value)]);
    expect((await reading).map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
  });

  test('ends quietly when its signal is aborted, also while it waits', async () => {
    const topic = await newTopic(1);
    const stop = new AbortController();
    const reading = collect(
      log().read([{ topic, partition: 0, offset: 0n }], { signal: stop.signal, maxWaitMs: 30_000 }),
    );
    stop.abort();
    expect((await reading).records).toEqual([]);
  });

  test('ends at once when there is nothing to read', async () => {
    const topic = await newTopic(1);
    const { batches } = await collect(
      log().read([{ topic, partition: 0, offset: 0n, untilOffset: 0n }]),
    );
    expect(batches).toEqual([]);
  });

  test('ends its reads on close, and closes twice', async () => {
    const topic = await newTopic(1);
    const own = await subject.open();
    const reading = collect(own.read([{ topic, partition: 0, offset: 0n }]));
    await own.close();
    await own.close();
    expect((await reading).records).toEqual([]);
  });

  test('reads all partitions while one of them is quiet', async () => {
    const topic = await newTopic(3);
    const records = Array.from({ length: 200 }, (_, i) => ({
      ...record(topic, 'k', `v${i}`),
      partition: (i % 2) * 2,
    }));
    await log().append(records);
    const positions = [0, 1, 2].map((partition) => ({ topic, partition, offset: 0n }));
    const read = await take(log(), positions, 200);
    expect(new Set(read.map(({ partition }) => partition))).toEqual(new Set([0, 2]));
  });
}

function record(topic: string, key: string, value: string): AppendRecord {
  return { topic, key: Buffer.from(key), value: Buffer.from(value) };
}

function range(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_, i) => from + i);
}

async function wholeTopic(log: EventLog, topic: string): Promise<ReadPosition[]> {
  const described = (await log.describe([topic])).get(topic);
  return (described?.partitions ?? []).map(({ partition, startOffset, stableEndOffset }) => ({
    topic,
    partition,
    offset: startOffset,
    untilOffset: stableEndOffset,
  }));
}

async function readAll(log: EventLog, topic: string): Promise<LogRecord[]> {
  return (await collect(log.read(await wholeTopic(log, topic)))).records;
}

async function collect(
  stream: AsyncIterable<RecordBatch>,
): Promise<{ records: LogRecord[]; batches: RecordBatch[] }> {
  const records: LogRecord[] = [];
  const batches: RecordBatch[] = [];
  for await (const batch of stream) {
    batches.push(batch);
    for (let i = 0; i < batch.count; i += 1) records.push(recordAt(batch, i));
  }
  return { records, batches };
}

/** Reads until `count` records have arrived. */
async function take(
  log: EventLog,
  positions: readonly ReadPosition[],
  count: number,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of log.read(positions)) {
    for (let i = 0; i < batch.count; i += 1) records.push(recordAt(batch, i));
    if (records.length >= count) break;
  }
  return records;
}

function comparable(one: Partial<LogRecord>): unknown {
  return {
    offset: one.offset,
    partition: one.partition,
    timestampMs: one.timestampMs,
    key: one.key?.toString('hex') ?? null,
    value: one.value?.toString('hex') ?? null,
    headers: (one.headers ?? []).map(({ key, value }) => [key, value?.toString('hex') ?? null]),
  };
}
