import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import {
  createTestApp,
  type Example,
  exampleEvents,
  exampleOn,
  publishAll,
} from '../support/example-app.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { useDatabase } from '../support/test-database.ts';

describeKafka('law 6 on a real Kafka that lost something', (brokers) => {
  let admin: Admin;
  const database = useDatabase('test');
  let example: Example;

  const open = () => createTestApp({ databaseUrl: database.url, example, brokers });

  beforeAll(async () => {
    admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });

  afterAll(() => admin.disconnect());

  beforeEach(async () => {
    example = exampleOn(uniqueTopic('user-actions'));
    await withApp(async (app) => {
      await app.setUp();
      await publishAll(app, example, exampleEvents(400));
      await app.runner.start();
      await expect.poll(async () => (await app.status())[0]?.lagRecords).toBe(0n);
    });
  });

  async function withApp<Result>(work: (app: Reprise) => Promise<Result>): Promise<Result> {
    const app = await open();
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  }

  /** What becomes of the tasks when a runner starts on the log as it is now. */
  function outcomes(): Promise<(string | null)[]> {
    return withApp(async (app) => {
      await app.runner.start();
      const [status] = await app.status();
      return (status?.tasks ?? []).map(({ state, error }) => `${state} ${error?.split(':')[0]}`);
    });
  }

  test('a topic that was deleted and created again halts with RECREATED, even when it is longer than before', async () => {
    await admin.deleteTopics({ topics: [example.topic] });
    await expect
      .poll(async () => (await admin.listTopics()).includes(example.topic), { timeout: 20_000 })
      .toBe(false);
    await withApp(async (app) => {
      await app.setUp();
      await publishAll(app, example, exampleEvents(2_000, 5));
    });
    expect(await outcomes()).toEqual(Array.from({ length: 4 }, () => 'halted RECREATED'));
  });

  test('records deleted before they were read halt with DATA_LOSS', async () => {
    await withApp((app) => publishAll(app, example, exampleEvents(2_000, 5)));
    const offsets = await admin.fetchTopicOffsets(example.topic);
    const partitions = offsets.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic: example.topic, partitions });
    expect(await outcomes()).toEqual(Array.from({ length: 4 }, () => 'halted DATA_LOSS'));
  });

  test('a first start on a topic that lost its beginning halts, and rebuild --accept-data-loss accepts it', async () => {
    const offsets = await admin.fetchTopicOffsets(example.topic);
    const partitions = offsets.map(({ partition }) => ({ partition, offset: '10' }));
    await admin.deleteTopicRecords({ topic: example.topic, partitions });
    const app = await createTestApp({ databaseUrl: database.url, example, brokers, version: 2 });
    try {
      await expect(app.versions.rebuild('user_metrics')).rejects.toMatchObject({
        code: 'DATA_LOSS',
      });
      const report = await app.versions.rebuild('user_metrics', { acceptDataLoss: true });
      expect(report.records).toBe(400 - 40);
    } finally {
      await app.close();
    }
  });
});
