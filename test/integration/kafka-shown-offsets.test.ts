import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';
import { sql } from '../support/read-model.ts';
import { createTestDatabase } from '../support/test-database.ts';

const run = promisify(execFile);

describeKafka('offsets for the tools of Kafka', (brokers) => {
  test('a consumer group shows where each task stands, and how far behind; nothing is read back', async () => {
    const database = await createTestDatabase();
    const example = exampleOn(uniqueTopic('shown'));
    const prefix = uniqueTopic('shown');
    const group = `${prefix}.user_metrics.v1`;
    const open = () =>
      createReprise({
        projections: [example.metricsOf(1)],
        events: [example.event],
        database: { type: 'url', url: database.url },
        log: { type: 'kafka', brokers: [...brokers], publishOffsets: prefix },
        logLevel: 'silent',
      });
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const shown = async () => {
      const [topic] = await admin.fetchOffsets({ groupId: group, topics: [example.topic] });
      return new Map(topic?.partitions.map(({ partition, offset }) => [partition, offset]));
    };
    const stored = async () => {
      const rows = await sql<{ partition: number; next_offset: string }>(
        database.url,
        'select partition, next_offset from reprise.checkpoints order by partition',
      );
      return new Map(rows.map((row) => [row.partition, row.next_offset]));
    };

    const app = await open();
    await app.setUp();
    await app.runner.start();
    await publishAll(app, example, exampleEvents(200));
    await vi.waitFor(
      async () => {
        expect((await app.status())[0]?.lagRecords).toBe(0n);
        expect(await shown()).toEqual(await stored());
      },
      { timeout: 30_000, interval: 100 },
    );
    await publishAll(app, example, exampleEvents(100, 2));
    await app.close();
    const atEnd = await stored();
    expect(await shown()).toEqual(atEnd);

    // Java's tool, where its jars are: a backlog shows as lag.
    const behind = await open();
    await publishAll(behind, example, exampleEvents(50, 3));
    const lag = await lagBy(group);
    if (lag !== null) {
      const described = (await behind.log.describe([example.topic])).get(example.topic);
      const expected = described?.partitions.map(({ partition, stableEndOffset }) => [
        partition,
        Number(stableEndOffset) - Number(atEnd.get(partition)),
      ]);
      expect([...lag].sort(([a], [b]) => a - b)).toEqual(expected);
    }

    // What the tools do to the group changes nothing.
    await admin.deleteGroups([group]);
    await behind.runner.start();
    await vi.waitFor(async () => expect((await behind.status())[0]?.lagRecords).toBe(0n), {
      timeout: 30_000,
      interval: 100,
    });
    await behind.runner.stop();
    const [row] = await sql<{ events: string }>(
      database.url,
      'select sum(events) as events from user_metrics',
    );
    expect(row?.events).toBe('350');
    expect(await shown()).toEqual(await stored());
    await behind.close();
    await admin.disconnect();
    await database.drop();
  });

  /** What `kafka-consumer-groups.sh --describe` prints, by partition; null without Kafka's jars. */
  async function lagBy(group: string): Promise<ReadonlyMap<number, number> | null> {
    const classPath = await kafkaClassPath();
    if (classPath === undefined) return null;
    const { stdout } = await run('java', [
      ...['-cp', classPath, 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'],
      ...['--bootstrap-server', brokers.join(','), '--describe', '--group', group],
    ]);
    const [header = [], ...lines] = stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words.length > 5);
    const cell = (words: readonly string[], name: string) => Number(words[header.indexOf(name)]);
    return new Map(lines.map((words) => [cell(words, 'PARTITION'), cell(words, 'LAG')]));
  }
});
