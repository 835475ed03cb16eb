import { Kafka, logLevel } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { SessionAnalytics } from '../../projections/session-analytics.ts';
import { UserMetrics } from '../../projections/user-metrics.ts';
import { OrderPlaced, PageViewed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { count } from '../../src/projection/aggregates.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { createTestDatabase } from '../support/test-database.ts';

describeKafka('a topic that gains partitions', (brokers) => {
  async function grow(topics: readonly string[], count: number): Promise<void> {
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createPartitions({
      topicPartitions: topics.map((topic) => ({ topic, count })),
    });
    await admin.disconnect();
  }

  test('is read on by windows, from the first offset of the new ones; the view merges rows of keys that moved', async () => {
    const database = await createTestDatabase();
    const example = exampleOn(uniqueTopic('growing'));
    const options = { databaseUrl: database.url, example, brokers };
    const app = await createTestApp(options);
    await app.setUp();
    await app.runner.start();
    const events = exampleEvents(2_000);
    await publishAll(app, example, events.slice(0, 1_000));
    await grow([example.topic], 7);
    await app.close();

    // Producers learn of new partitions when they like; a fresh one at once.
    const again = await createTestApp(options);
    await publishAll(again, example, events.slice(1_000));
    await again.runner.start();
    const byWindow = new Map<string, number>();
    for (const { userId, occurredAt } of events) {
      const window = `${userId} ${Math.floor(occurredAt.getTime() / 60_000) * 60_000}`;
      byWindow.set(window, (byWindow.get(window) ?? 0) + 1);
    }
    await vi.waitFor(
      async () => {
        const rows = await again.readModels.query(UserMetrics);
        const shown = rows.map(({ user_id, window_start, events: n }): [string, number] => [
          `${user_id} ${window_start.getTime()}`,
          Number(n),
        ]);
        expect(new Map(shown)).toEqual(byWindow);
        expect(shown).toHaveLength(byWindow.size);
      },
      { timeout: 30_000, interval: 200 },
    );
    expect((await again.status())[0]?.tasks).toHaveLength(7);
    await again.close();
    await database.drop();
  });

  test('halts sessions while they run, and after a restart, with what to do', async () => {
    const database = await createTestDatabase();
    const [pages, orders] = [uniqueTopic('pages'), uniqueTopic('orders')];
    const views = { ...PageViewed, topic: pages };
    class Sessions extends SessionAnalytics {
      override define() {
        return this.from(views, { ...OrderPlaced, topic: orders })
          .key('visitorId')
          .session({ gap: '30 minutes' })
          .measure({ pages: count() }) as never;
      }
    }
    const open = () =>
      createReprise({
        projections: [Sessions],
        events: [views, { ...OrderPlaced, topic: orders }],
        database: { type: 'url', url: database.url },
        log: { type: 'kafka', brokers: [...brokers] },
        leaseMs: 1_000,
        topicPartitions: 2,
        logLevel: 'silent',
      });
    for (const restart of [false, true]) {
      const app = await open();
      if (!restart) await app.setUp();
      await app.runner.start();
      if (!restart) await grow([pages, orders], 4);
      await vi.waitFor(
        async () => {
          const [status] = await app.status();
          const states = status?.tasks.map(({ partition, state }) => `${partition} ${state}`);
          expect(new Set(states)).toEqual(new Set(['0 halted', '1 halted', '2 idle', '3 idle']));
          expect(status?.tasks[0]?.error).toMatch(
            /^PARTITIONS_CHANGED: session_analytics v1 was built on 2 partitions of .*, which now have 4: .*new topic of 4 partitions/,
          );
        },
        { timeout: 30_000, interval: 200 },
      );
      await app.close();
    }
    await database.drop();
  });
});
