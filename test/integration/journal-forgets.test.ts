import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** Events of each topic in a round. */
const EVENTS = 20;
/** Beginnings of topics are looked at every five seconds. */
const SOON = { timeout: 30_000, interval: 100 };

const one = exampleOn(uniqueTopic('topic'));
const two = exampleOn(uniqueTopic('topic'));
const seen = columns({ userId: text().primaryKey(), action: text() });

class Seen extends TableProjection {
  readonly name = 'seen';
  readonly version = 1;
  define() {
    return this.table(seen)
      .key('userId')
      .on(one.event, (_row, { userId, action }) => ({ userId, action }))
      .on(two.event, (_row, { userId, action }) => ({ userId, action }));
  }
}

describeKafka('the journal of a log that forgets', (brokers) => {
  test('holds no decision at records that the log has deleted, and all others', async () => {
    const database = await createTestDatabase();
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const open = () =>
      createReprise({
        projections: [Seen],
        events: [one.event, two.event],
        database: { type: 'url', url: database.url },
        log: { type: 'kafka', brokers: [...brokers] },
        topicPartitions: 1,
        logLevel: 'silent',
      });
    const folded = (app: Reprise) =>
      expect.poll(async () => (await app.status())[0]?.lagRecords, SOON).toBe(0n);
    const steps = () =>
      sql<{ next_offsets: Record<string, string> }>(
        database.url,
        `select next_offsets from reprise.journal where kind = 'step'`,
      );
    try {
      // A step is journaled with the first records after every start.
      for (let round = 0; round < 4; round += 1) {
        const app = await open();
        await app.setUp();
        await app.runner.start();
        for (const each of [one, two]) await publishAll(app, each, exampleEvents(EVENTS));
        await folded(app);
        await app.close();
      }
      const before = await steps();
      expect(before.length).toBeGreaterThanOrEqual(3);

      const app = await open();
      await app.runner.start();
      const middle = 2 * EVENTS;
      for (const { topic } of [one, two]) {
        await admin.fetchTopicOffsets(topic);
        const partitions = [{ partition: 0, offset: String(middle) }];
        await admin.deleteTopicRecords({ topic, partitions });
      }
      const kept = before.filter(({ next_offsets: offsets }) =>
        Object.values(offsets).every((offset) => Number(offset) >= middle),
      );
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(before.length);
      await expect.poll(steps, SOON).toEqual(kept);

      await publishAll(app, one, exampleEvents(EVENTS));
      await folded(app);
      await app.close();
    } finally {
      await admin.disconnect();
      await database.drop();
    }
  });
});
