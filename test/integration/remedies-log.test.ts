import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect } from 'vitest';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import { deleteRecordsBefore, deleteTopic } from '../../src/log/postgres/stored-topic.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { onEveryLog } from '../support/every-log.ts';
import type { Example } from '../support/example-app.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import type { Operator } from '../support/remedies.ts';
import { createOperator, remedy } from '../support/remedies.ts';
import { testConfig } from '../support/test-config.ts';
import { useDatabase } from '../support/test-database.ts';

onEveryLog('a log that lost something', ({ brokers }) => {
  const database = useDatabase('test');
  let example: Example;
  let operator: Operator;
  /** The configuration with a version of the projection. */
  let version: (number: number) => RepriseConfig;

  beforeEach(async () => {
    example = exampleOn(uniqueTopic('user-actions'));
    operator = createOperator();
    const configs = [1, 2, 3].map((number) =>
      testConfig({
        databaseUrl: database.url,
        example,
        version: number,
        ...(brokers && { brokers }),
      }),
    );
    version = (number) => configs[number - 1] as RepriseConfig;
  });

  afterEach(async () => {
    await operator.close();
  });

  async function publish(count: number, seed = 1): Promise<void> {
    const app = await operator.start(version(1));
    await publishAll(app, example, exampleEvents(count, seed));
  }

  async function deleteAndCreate(): Promise<void> {
    if (brokers === undefined) {
      const pool = createPool({ url: database.url });
      await deleteTopic(pool, example.topic);
      await pool.end();
      return;
    }
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [example.topic] });
    await expect
      .poll(async () => (await admin.listTopics()).includes(example.topic), { timeout: 20_000 })
      .toBe(false);
    await admin.disconnect();
  }

  /** Deletes the records before an offset of every partition; retention does that. */
  async function deleteBefore(offset: bigint): Promise<void> {
    if (brokers === undefined) {
      const pool = createPool({ url: database.url });
      for (const partition of [0, 1, 2, 3]) {
        await deleteRecordsBefore(pool, example.topic, partition, offset);
      }
      await pool.end();
      return;
    }
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    // Also loads what the next call needs to know of the topic.
    const offsets = await admin.fetchTopicOffsets(example.topic);
    const partitions = offsets.map(({ partition }) => ({ partition, offset: `${offset}` }));
    await admin.deleteTopicRecords({ topic: example.topic, partitions });
    await admin.disconnect();
  }

  /** What the view counts. */
  async function counted(): Promise<number> {
    const [row] = await sql<{ n: string }>(
      database.url,
      'select coalesce(sum(events), 0)::int8 as n from user_metrics',
    );
    return Number(row?.n);
  }

  for (const [title, before, after] of [
    ['a shorter topic', 400, 100],
    ['a longer topic', 100, 400],
  ] as const) {
    remedy('RECREATED', `${title} of the same name is built into a new version`, async () => {
      await publish(before);
      await operator.expectRunning(version(1));
      await operator.endInstances();
      await deleteAndCreate();
      await publish(after, 2);
      const message = await operator.halted(version(1), 'RECREATED');
      await operator.obey(message, version(2));
      await operator.expectRunning(version(2));
      expect(await counted()).toBe(after);
    });
  }

  remedy(
    'TRUNCATED',
    'a version that stands beyond the end is replaced by one of what is there',
    async () => {
      await publish(400);
      await operator.expectRunning(version(1));
      await operator.endInstances();
      // As where an old copy of the brokers' disks was restored: the log ends before what was
      // folded.
      await sql(database.url, 'update reprise.checkpoints set next_offset = next_offset + 50');
      await operator.start(version(1));
      const message = await operator.halted(version(1), 'TRUNCATED');
      await operator.obey(message, version(2));
      await operator.expectRunning(version(2));
      expect(await counted()).toBe(400);
      await publish(100, 2);
      await operator.expectRunning(version(2));
      expect(await counted()).toBe(500);
    },
  );

  remedy('DATA_LOSS', 'records deleted before they were folded are accepted as a gap', async () => {
    await publish(400);
    await operator.expectRunning(version(1));
    await operator.succeed(version(1), 'pause user_metrics');
    await operator.endInstances();
    await publish(400, 2);
    await deleteBefore(150n);
    await operator.succeed(version(1), 'resume user_metrics');
    const message = await operator.halted(version(1), 'DATA_LOSS');
    await operator.obey(message, version(2));
    await operator.expectRunning(version(2));
  });

  remedy('DATA_LOSS', 'a first start on a log without its beginning accepts that', async () => {
    await publish(400);
    await operator.endInstances();
    await operator.succeed(version(1), 'drop user_metrics --force');
    await deleteBefore(10n);
    await operator.start(version(1));
    const message = await operator.halted(version(1), 'DATA_LOSS');
    await operator.obey(message, version(2));
    await operator.expectRunning(version(2));
    expect(await counted()).toBe(360);
  });

  remedy('DATA_LOSS', 'a rebuild of such a log is typed again with what it asks for', async () => {
    await publish(400);
    await operator.expectRunning(version(1));
    await deleteBefore(10n);
    const message = await operator.fail(version(2), 'rebuild user_metrics', 'DATA_LOSS');
    await operator.obey(message, version(2));
    await operator.start(version(2));
    await operator.succeed(version(2), 'activate user_metrics');
    await operator.expectRunning(version(2));
    expect(await counted()).toBe(360);
  });
});
