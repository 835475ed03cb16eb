import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresLog, type PostgresLog } from '../../src/log/postgres/postgres-log.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { LogRecord } from '../../src/log/record-batch.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');
let pool: pg.Pool;
let log: PostgresLog;

beforeAll(async () => {
  pool = createPool({ url: database.url });
  log = createPostgresLog({ pool, url: database.url });
});

afterAll(async () => {
  await log.close();
  await pool.end();
});

async function readAll(topic: string, partition: number, until: bigint): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of log.read([{ topic, partition, offset: 0n, untilOffset: until }])) {
    for (let i = 0; i < batch.count; i += 1) records.push(recordAt(batch, i));
  }
  return records;
}

const text = (value: string) => Buffer.from(value);

describe('records', () => {
  it('come back as they were appended: null keys, tombstones, empty values, headers', async () => {
    await log.ensureTopics([{ topic: 'shapes', partitions: 1 }]);
    const headers = [
      { key: 'trace', value: text('ü'.repeat(100)) },
      { key: '', value: null },
      { key: 'empty', value: Buffer.alloc(0) },
    ];
    const records = [
      { key: null, value: text('a'), headers: [] },
      { key: text('k'), value: null, headers },
      { key: Buffer.alloc(0), value: Buffer.alloc(0), headers },
      { key: null, value: null, headers: [] },
      { key: text('k2'), value: Buffer.alloc(3_000_000, 7), headers: [] },
      { key: text('k3'), value: text('z'), headers: [] },
    ].map((record, i) => ({ ...record, topic: 'shapes', timestampMs: 1_000 + i }));
    const positions = await log.append(records);
    expect(positions.map(({ offset }) => offset)).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
    const read = await readAll('shapes', 0, 6n);
    // Compared as hex of a hash: a difference in three megabytes is nothing to print.
    const comparable = ({ value, ...rest }: Omit<LogRecord, 'partition' | 'offset'>) => ({
      ...rest,
      value: value === null ? null : createHash('sha256').update(value).digest('hex'),
    });
    expect(read.map(comparable)).toEqual(
      records.map((record, i) => comparable({ ...record, ...positions[i] })),
    );
  });

  it('are gapless and in order when many append at once to many partitions', async () => {
    await log.ensureTopics([
      { topic: 'busy', partitions: 4 },
      { topic: 'busier', partitions: 3 },
    ]);
    await Promise.all(
      Array.from({ length: 24 }, (_, writer) =>
        log.append(
          Array.from({ length: 50 }, (_, n) => ({
            topic: (writer + n) % 2 === 0 ? 'busy' : 'busier',
            key: text(`${writer}`),
            value: text(`${writer}/${n}`),
          })),
        ),
      ),
    );
    const topics = await log.describe(['busy', 'busier']);
    let total = 0;
    for (const { topic, partitions } of topics.values()) {
      for (const { partition, stableEndOffset } of partitions) {
        const read = await readAll(topic, partition, stableEndOffset);
        expect(read.map(({ offset }) => Number(offset))).toEqual(read.map((_, i) => i));
        total += read.length;
      }
    }
    expect(total).toBe(24 * 50);
  });

  it('of several partitions come interleaved, though one has a long backlog', async () => {
    await log.ensureTopics([{ topic: 'fair', partitions: 2 }]);
    const value = Buffer.alloc(1_000);
    for (let i = 0; i < 4; i += 1) {
      await log.append(
        Array.from({ length: 1_000 }, () => ({ topic: 'fair', partition: 0, key: null, value })),
      );
    }
    await log.append([{ topic: 'fair', partition: 1, key: null, value }]);
    const seen: number[] = [];
    const positions = [
      { topic: 'fair', partition: 0, offset: 0n, untilOffset: 4_000n },
      { topic: 'fair', partition: 1, offset: 0n, untilOffset: 1n },
    ];
    for await (const batch of log.read(positions)) seen.push(batch.partition);
    expect(new Set(seen.slice(0, 2))).toEqual(new Set([0, 1]));
    expect(seen.length).toBeGreaterThanOrEqual(5);
  });
});

it('wakes a waiting reader at once, long before its poll', async () => {
  await log.ensureTopics([{ topic: 'woken', partitions: 1 }]);
  const stream = log.read([{ topic: 'woken', partition: 0, offset: 0n }], { maxWaitMs: 60_000 });
  const iterator = stream[Symbol.asyncIterator]();
  for (let n = 0; n < 3; n += 1) {
    const next = iterator.next();
    await log.append([{ topic: 'woken', key: null, value: text(`${n}`) }]);
    const { value } = await next;
    expect(value?.firstOffset).toBe(n);
  }
  await iterator.return?.();
});

it('goes on after its connections were cut', async () => {
  await log.ensureTopics([{ topic: 'cut', partitions: 1 }]);
  const stream = log.read([{ topic: 'cut', partition: 0, offset: 0n }], { maxWaitMs: 50 });
  const iterator = stream[Symbol.asyncIterator]();
  await log.append([{ topic: 'cut', key: null, value: text('before') }]);
  expect((await iterator.next()).value?.count).toBe(1);
  const next = iterator.next();
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(
    'select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await admin.end();

  // At once, while the pool does not know yet that its idle connections are gone.
  await log.append([{ topic: 'cut', key: null, value: text('after') }]);
  expect((await next).value?.firstOffset).toBe(1);
  await iterator.return?.();
});

it('refuses positions outside the log, also after records were deleted', async () => {
  await log.ensureTopics([{ topic: 'short', partitions: 1 }]);
  await log.append(
    Array.from({ length: 10 }, () => ({ topic: 'short', key: null, value: text('x') })),
  );
  expect(await log.deleteRecordsBefore('short', 0, 4n)).toBe(4n);
  const first = (offset: bigint) =>
    log
      .read([{ topic: 'short', partition: 0, offset }])
      [Symbol.asyncIterator]()
      .next();
  await expect(first(3n)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  await expect(first(11n)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  expect((await first(4n)).value?.count).toBe(6);
  expect((await log.describe(['short'])).get('short')?.partitions[0]?.startOffset).toBe(4n);
});

it('gives a topic that was deleted and created again another id, and appends to it', async () => {
  await log.ensureTopics([{ topic: 'again', partitions: 1 }]);
  await log.append([{ topic: 'again', key: null, value: text('old') }]);
  const before = (await log.describe(['again'])).get('again')?.topicId;
  await log.deleteTopic('again');
  await expect(log.describe(['again'])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
  await log.ensureTopics([{ topic: 'again', partitions: 1 }]);
  const [position] = await log.append([{ topic: 'again', key: null, value: text('new') }]);
  expect(position?.offset).toBe(0n);
  expect((await log.describe(['again'])).get('again')?.topicId).not.toBe(before);
});

it('refuses another partition count, unknown topics and partitions', async () => {
  await log.ensureTopics([{ topic: 'fixed', partitions: 2 }]);
  await expect(log.ensureTopics([{ topic: 'fixed', partitions: 3 }])).rejects.toMatchObject({
    code: 'PARTITIONS_CHANGED',
  });
  const record = { key: null, value: null };
  await expect(log.append([{ topic: 'nowhere', ...record }])).rejects.toMatchObject({
    code: 'UNKNOWN_TOPIC',
  });
  await expect(log.append([{ topic: 'fixed', partition: 2, ...record }])).rejects.toMatchObject({
    code: 'APPEND_FAILED',
  });
});

it('creates a topic once when many ask at once', async () => {
  await Promise.all(
    [1, 2, 3, 4].map(() => log.ensureTopics([{ topic: 'contested', partitions: 2 }])),
  );
  expect((await log.describe(['contested'])).get('contested')?.partitions).toHaveLength(2);
});
