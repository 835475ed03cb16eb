import { afterAll, describe, expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { createPostgresLog } from '../../src/log/postgres/postgres-log.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { shareReads } from '../../src/runner/rebuild/share-reads.ts';
import { heldBufferBytes } from '../support/held-memory.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { createTestDatabase } from '../support/test-database.ts';

const MIB = 1024 * 1024;
const VALUE_BYTES = 64 * 1024;
const ROUNDS = 12;
const RECORDS_PER_ROUND = 160; // 10 MiB
/** What a reader may keep: the response in hand and the next one, with the records made of them. */
const KEPT_MIB_MAX = 45;

/**
 * Follows a topic while it grows by 120 MiB, holding nothing. @returns MiB of buffers held after
 * each round beyond those before the first
 */
async function follow(
  log: EventLog,
  { read = log.read, ...options }: { readonly read?: EventLog['read']; reusesMemory?: boolean },
): Promise<readonly number[]> {
  const topic = uniqueTopic('follow');
  await log.ensureTopics([{ topic, partitions: 1 }]);
  const value = Buffer.alloc(VALUE_BYTES, 'x');
  const append = () =>
    log.append(Array.from({ length: RECORDS_PER_ROUND }, () => ({ topic, key: null, value })));
  const held: number[] = [];
  const stop = new AbortController();
  const before = (await heldBufferBytes()) / MIB;
  let left = RECORDS_PER_ROUND;
  await append();
  const positions = [{ topic, partition: 0, offset: 0n }];
  for await (const { count } of read(positions, { ...options, signal: stop.signal })) {
    left -= count;
    if (left > 0) continue;
    held.push((await heldBufferBytes()) / MIB - before);
    if (held.length === ROUNDS) stop.abort();
    left = RECORDS_PER_ROUND;
    await append();
  }
  return held;
}

/** What is read through the stream that two readers share. */
function shared(log: EventLog): EventLog['read'] {
  return async function* read(positions, options) {
    const [one, other] = shareReads(log, 2);
    other?.leave();
    if (one !== undefined) yield* one.read(positions, options);
  };
}

function followsWithoutGrowing(open: () => EventLog): void {
  test.each([
    { how: 'alone', reusesMemory: false, isShared: false },
    { how: 'alone, in memory used again', reusesMemory: true, isShared: false },
    { how: 'side by side', reusesMemory: false, isShared: true },
  ])(
    'when it reads $how',
    async ({ reusesMemory, isShared }) => {
      const log = open();
      const held = await follow(log, { reusesMemory, ...(isShared && { read: shared(log) }) });
      expect(held).toHaveLength(ROUNDS);
      expect(Math.max(...held)).toBeLessThan(KEPT_MIB_MAX);
    },
    120_000,
  );
}

describeKafka('a reader of a Kafka topic that grows holds no more than at the start', (brokers) => {
  const log = createKafkaLog({ brokers });
  afterAll(() => log.close());
  followsWithoutGrowing(() => log);
});

describe('a reader of a Postgres topic that grows holds no more than at the start', async () => {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.url });
  const log = createPostgresLog({ pool, url: database.url });
  afterAll(async () => {
    await log.close();
    await pool.end();
    await database.drop();
  });
  followsWithoutGrowing(() => log);
});
