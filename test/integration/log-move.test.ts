import { beforeEach, expect, test, vi } from 'vitest';
import { OrderPlaced, PageViewed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { moveLogToKafka } from '../../src/composition/move-log-to-kafka.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import { Decimal } from '../../src/event/decimal.ts';
import type { AppendRecord, EventLog } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { LogRecord } from '../../src/log/record-batch.ts';
import { count, sum } from '../../src/projection/declare/aggregates.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import {
  createTestApp,
  type Example,
  exampleEvents,
  exampleOn,
  publishAll,
} from '../support/example-app.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { differences } from '../support/oracle.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 50 };

describeKafka('a log that moves from Postgres to Kafka', (brokers) => {
  const database = useDatabase('test');
  let example: Example;
  const kafka = createKafkaLog({ brokers });

  beforeEach(async () => {
    example = exampleOn(uniqueTopic('user-actions'));
  });

  const onPostgres = (version = 1) =>
    createTestApp({ databaseUrl: database.url, example, version });
  const onKafka = (version = 1) =>
    createTestApp({ databaseUrl: database.url, example, version, brokers });
  const target = (): RepriseConfig => ({
    projections: [example.metricsOf(1)],
    events: [example.event],
    database: { type: 'url', url: database.url },
    log: { type: 'kafka', brokers: [...brokers] },
    logLevel: 'silent',
  });

  test('projections that were half folded go on from Kafka, exactly, and a replay of the copy gives the same', async () => {
    const app = await onPostgres();
    await app.setUp();
    const events = exampleEvents(3_000);
    await publishAll(app, example, events.slice(0, 1_000));
    await app.runner.start();
    await caughtUp(app);
    await app.runner.stop();
    await publishAll(app, example, events.slice(1_000, 2_000));
    const records = await readAll(app.log, example.topic);
    await app.close();
    const before = await offsets();

    const phases = new Set<string>();
    const report = await moveLogToKafka(target(), { onProgress: ({ phase }) => phases.add(phase) });
    expect(report).toMatchObject({ moved: true, tasks: 4, obstacles: [] });
    expect(report.partitions.reduce((total, each) => total + each.records, 0)).toBe(2_000);
    expect(phases).toEqual(new Set(['copy', 'verify', 'done']));
    expect(await readAll(kafka, example.topic)).toEqual(records);
    expect(await offsets()).toEqual(before);
    expect(before.some(({ next_offset: next }) => next !== '0')).toBe(true);

    const moved = await onKafka();
    await publishAll(moved, example, events.slice(2_000));
    await moved.runner.start();
    await caughtUp(moved);
    expect((await moved.status())[0]?.tasks.map(({ error }) => error)).toEqual([
      null,
      null,
      null,
      null,
    ]);
    await moved.runner.stop();
    expect(await differences(moved, example)).toEqual([]);
    const [row] = await sql<{ events: string }>(
      database.url,
      'select sum(events) as events from user_metrics',
    );
    expect(row?.events).toBe('3000');
    expect(await moved.versions.verify('user_metrics')).toMatchObject({
      differentRows: 0,
      records: 3_000,
    });
    await moved.close();
    // Epochs of the copied records are Kafka's: a log that is cut off later is recognised by them.
    expect(
      await sql(
        database.url,
        'select from reprise.checkpoints where last_leader_epoch is null and last_offset is not null',
      ),
    ).toEqual([]);

    expect(await moveLogToKafka(target())).toMatchObject({ moved: true, tasks: 0, partitions: [] });
  });

  test('a record keeps its key, value, headers and timestamp, whatever they are', async () => {
    const app = await onPostgres();
    await app.setUp();
    const { topic } = example;
    await app.log.append(oddRecords(topic));
    const records = await readAll(app.log, topic);
    await app.close();
    const report = await moveLogToKafka(target());
    expect(await readAll(kafka, topic)).toEqual(records);
    expect(report.partitions.map(({ records: n }) => n)).toEqual([6, 0, 0, 1]);
    const [first, , , last] = report.partitions.map(({ sha256 }) => sha256);
    expect(first).not.toBe(last);
  });

  test('while it is written to it is copied and nothing else; stopped, the rest; then Postgres takes no more', async () => {
    const app = await onPostgres();
    await app.setUp();
    await publishAll(app, example, exampleEvents(500));
    await app.runner.start();
    await caughtUp(app);
    const running = await moveLogToKafka(target());
    expect(running).toMatchObject({ moved: false, tasks: 0 });
    expect(running.obstacles).toEqual([expect.stringMatching(/^the instance .* runs$/)]);
    await publishAll(app, example, exampleEvents(500, 2));
    await caughtUp(app);
    await app.runner.stop();

    // A publisher that goes on while everything is copied and compared: what it writes is not in
    // Kafka.
    const late = exampleEvents(3, 3);
    const published: Promise<unknown>[] = [];
    const disturbed = await moveLogToKafka(target(), {
      onProgress: ({ phase }) => {
        if (phase === 'verify' && published.length === 0) {
          published.push(publishAll(app, example, late));
        }
      },
    });
    await Promise.all(published);
    expect(published).toHaveLength(1);
    expect(disturbed).toMatchObject({
      moved: false,
      obstacles: [expect.stringMatching(/^[123] records were published in the meantime$/)],
    });

    const rehearsed = await moveLogToKafka(target(), { copyOnly: true });
    expect(rehearsed).toMatchObject({ moved: false, obstacles: [] });
    await publishAll(app, example, exampleEvents(1, 4));

    expect(await moveLogToKafka(target())).toMatchObject({ moved: true, tasks: 4 });
    await expect(publishAll(app, example, exampleEvents(1, 5))).rejects.toMatchObject({
      code: 'LOG_MOVED',
    });
    await app.close();
    const forgotten = await onPostgres();
    await forgotten.runner.start();
    expect((await forgotten.status())[0]?.tasks.map(({ error }) => error)).toEqual(
      Array.from({ length: 4 }, () => expect.stringMatching(/^RECREATED/)),
    );
    await forgotten.close();
    const moved = await onKafka();
    await moved.resume('user_metrics');
    await moved.runner.start();
    await caughtUp(moved);
    await moved.runner.stop();
    expect(await moved.versions.verify('user_metrics')).toMatchObject({
      differentRows: 0,
      records: 1_004,
    });
    await moved.close();
  });

  test('several topics, their order and the journal of ticks are carried over', async () => {
    const pages = { ...PageViewed, topic: uniqueTopic('page-views') };
    const orders = { ...OrderPlaced, topic: uniqueTopic('orders') };
    const sittingsOf = (version: number) =>
      class Sittings extends SessionProjection {
        readonly name: string = 'sittings';
        readonly version: number = version;
        define() {
          return this.from(pages, orders)
            .key('visitorId')
            .session({ gap: '250 milliseconds', idle: '100 milliseconds' })
            .measure({ happenings: count(), revenue: sum('amount') });
        }
      };
    const config = (version: number, log: RepriseConfig['log']): RepriseConfig => ({
      projections: [sittingsOf(version)],
      events: [pages, orders],
      database: { type: 'url', url: database.url },
      logLevel: 'silent',
      ...(log && { log }),
    });
    const kafkaLog = { type: 'kafka' as const, brokers: [...brokers] };
    const from = Date.UTC(2026, 0, 1);
    const visit = (app: Reprise, round: number) =>
      Promise.all(
        Array.from({ length: 40 }, (_, n) => {
          const visitorId = `visitor-${n % 8}`;
          const occurredAt = new Date(from + round * 10_000 + n * 20);
          const amount = new Decimal(BigInt(n), 2);
          const orderId = `00000000-0000-4000-8000-${String(round * 100 + n).padStart(12, '0')}`;
          return n % 3 === 0
            ? app.publisher.publish(orders, { visitorId, orderId, amount, occurredAt })
            : app.publisher.publish(pages, { visitorId, page: `/${n}`, occurredAt });
        }),
      );
    const allClosed = async (sittings: number) => {
      await vi.waitFor(async () => {
        const rows = await sql<{ closed: boolean }>(database.url, 'select closed from sittings');
        expect(rows.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(sittings);
        expect(rows.filter(({ closed }) => !closed)).toEqual([]);
      }, SOON);
    };
    const ticks = async () =>
      (await sql(database.url, `select from reprise.journal where kind = 'tick'`)).length;

    const app = await createReprise(config(1, undefined));
    await app.setUp();
    await app.runner.start();
    await visit(app, 0);
    await allClosed(8);
    await app.close();
    const ticked = await ticks();
    expect(ticked).toBeGreaterThan(0);

    await expect(
      moveLogToKafka(config(1, kafkaLog), { topics: [pages.topic] }),
    ).rejects.toMatchObject({
      code: 'COPY_REFUSED',
      message: expect.stringContaining(orders.topic),
    });
    expect(await moveLogToKafka(config(1, kafkaLog))).toMatchObject({ moved: true, tasks: 4 });

    const moved = await createReprise(config(1, kafkaLog));
    await moved.runner.start();
    await visit(moved, 1);
    await allClosed(16);
    expect(await ticks()).toBeGreaterThan(ticked);
    await moved.runner.stop();
    expect(await moved.versions.verify('sittings')).toMatchObject({
      differentRows: 0,
      records: 80,
    });
    await moved.close();
    const next = await createReprise(config(2, kafkaLog));
    await next.versions.rebuild('sittings');
    expect(await tableDigest(database.url, 'sittings__v2')).toBe(
      await tableDigest(database.url, 'sittings__v1'),
    );
    await next.close();
  });

  test('a target that holds other records, or has other partitions, is refused, and named', async () => {
    const app = await onPostgres();
    await app.setUp();
    const { topic } = example;
    const foreign: AppendRecord = { topic, partition: 1, key: null, value: Buffer.from('foreign') };
    await app.log.append([{ ...foreign, value: Buffer.from('ours') }]);
    await app.close();
    await kafka.ensureTopics([{ topic, partitions: 4 }]);
    await kafka.append([foreign]);
    await expect(moveLogToKafka(target())).rejects.toMatchObject({
      code: 'COPY_REFUSED',
      message: expect.stringContaining(`${topic}[1]@0`),
    });

    const other = exampleOn(uniqueTopic('other-partitions'));
    example = other;
    const second = await onPostgres();
    await second.setUp();
    await second.close();
    await kafka.ensureTopics([{ topic: other.topic, partitions: 3 }]);
    await expect(moveLogToKafka(target(), { topics: [other.topic] })).rejects.toMatchObject({
      code: 'PARTITIONS_CHANGED',
    });
    expect(
      await sql(database.url, 'select from reprise.log_topics where moved_to is not null'),
    ).toEqual([]);
  });

  test('more records in the target than in the source, and records that Kafka would not keep as they are, are refused', async () => {
    const app = await onPostgres();
    await app.setUp();
    const { topic } = example;
    const record: AppendRecord = {
      topic,
      partition: 2,
      key: null,
      value: Buffer.from('same'),
      timestampMs: 5,
    };
    await app.log.append([record]);
    await kafka.ensureTopics([{ topic, partitions: 4 }]);
    await kafka.append([record, record]);
    await expect(moveLogToKafka(target())).rejects.toMatchObject({
      code: 'COPY_REFUSED',
      message: expect.stringMatching(/@1 cannot be copied: .* 1 other records/),
    });
    await app.log.append([record, { ...record, timestampMs: 5.5 }]);
    await expect(moveLogToKafka(target())).rejects.toMatchObject({
      code: 'COPY_REFUSED',
      message: expect.stringContaining(`${topic}[2]@2 cannot be copied: its timestamp`),
    });
    await app.close();
  });

  test('headers keep their order, also where a name comes twice', async () => {
    const app = await onPostgres();
    await app.setUp();
    const { topic } = example;
    const headers = ['a', 'b', 'a'].map((key, n) => ({ key, value: Buffer.from(`${n}`) }));
    await app.log.append([{ topic, partition: 0, key: null, value: null, headers }]);
    await app.close();
    await moveLogToKafka(target());
    const [record] = await readAll(kafka, topic);
    expect(record?.headers).toEqual(headers);
  });

  async function offsets(): Promise<readonly { readonly next_offset: string }[]> {
    return sql(
      database.url,
      `select projection, version, partition, topic, next_offset, last_offset, last_record_hash, max_event_time_ms
       from reprise.checkpoints order by 1, 2, 3, 4`,
    );
  }
});

async function caughtUp(app: Reprise): Promise<void> {
  await vi.waitFor(async () => {
    const [status] = await app.status();
    expect(status?.tasks).toHaveLength(4);
    expect(status?.tasks.filter(({ error }) => error !== null)).toEqual([]);
    expect(status?.lagRecords).toBe(0n);
  }, SOON);
}

/** Every record of a topic, by partition and offset; bytes copied out. */
async function readAll(log: EventLog, topic: string): Promise<readonly LogRecord[]> {
  const described = (await log.describe([topic])).get(topic);
  const positions = (described?.partitions ?? []).map(({ partition, stableEndOffset }) => ({
    topic,
    partition,
    offset: 0n,
    untilOffset: stableEndOffset,
  }));
  const records: LogRecord[] = [];
  for await (const batch of log.read(positions)) {
    for (let i = 0; i < batch.count; i += 1) {
      const { key, value, headers, ...rest } = recordAt(batch, i);
      records.push({
        ...rest,
        key: key && Buffer.from(key),
        value: value && Buffer.from(value),
        headers: headers.map((header) => ({
          ...header,
          value: header.value && Buffer.from(header.value),
        })),
      });
    }
  }
  return records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
}

function oddRecords(topic: string): AppendRecord[] {
  const at = { topic, partition: 0, timestampMs: 1_700_000_000_123 };
  const header = (key: string, value: string) => ({ key, value: Buffer.from(value) });
  return [
    { ...at, key: Buffer.from('key'), value: null },
    { ...at, key: null, value: Buffer.alloc(0), timestampMs: 0 },
    { ...at, key: Buffer.alloc(0), value: Buffer.from([0, 255, 1]) },
    {
      ...at,
      key: null,
      value: null,
      headers: [header('trace', 'a'), header('trace', 'b'), header('', '')],
    },
    {
      ...at,
      key: Buffer.from('ü'),
      value: Buffer.alloc(300_000, 7),
      timestampMs: 253_402_300_799_000,
    },
    { ...at, key: null, value: Buffer.from('later, and earlier'), timestampMs: 1 },
    { ...at, partition: 3, key: Buffer.from('other'), value: Buffer.from('value') },
  ];
}
