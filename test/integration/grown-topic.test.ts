import { Kafka, logLevel } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { SessionAnalytics } from '../../projections/session-analytics.ts';
import type { UserMetrics } from '../../projections/user-metrics.ts';
import { OrderPlaced, PageViewed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import { repartitionTopic } from '../../src/log/copy/repartition-topic.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../src/projection/declare/columns.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
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
        const rows = await again.readModels.query<UserMetrics>('user_metrics');
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

  /** The number of events of a user, as a table keeps it. */
  const tableOn = (topic: string, version: number) => {
    const { event } = exampleOn(topic);
    return class extends TableProjection {
      readonly name = 'tallies';
      readonly version = version;
      define() {
        return this.table(columns({ userId: text().primaryKey(), n: int() }))
          .key('userId')
          .on(event, (row, { userId }) => ({ userId, n: (row?.n ?? 0) + 1 }));
      }
    };
  };
  const sessionsOn = (topic: string) =>
    class extends SessionProjection {
      readonly name = 'sittings';
      readonly version = 1;
      define() {
        return this.from(exampleOn(topic).event)
          .key('userId')
          .session({ gap: '1 minute' })
          .measure({ n: count() });
      }
    };

  const openOn = (url: string, topic: string, projections: readonly ProjectionClass[]) =>
    createReprise({
      projections,
      events: [exampleOn(topic).event],
      database: { type: 'url', url },
      log: { type: 'kafka', brokers: [...brokers] },
      topicPartitions: 1,
      leaseMs: 1_000,
      logLevel: 'silent',
    });

  test('refuses new versions and new projections that need a key in one partition; the copy that it names makes them right', async () => {
    const database = await createTestDatabase();
    const topic = uniqueTopic('growing');
    const events = exampleEvents(400);
    const expected = new Map<string, number>();
    for (const { userId } of events) expected.set(userId, (expected.get(userId) ?? 0) + 1);
    const rowsOf = async (table: string) =>
      (
        await sql<{ user_id: string; n: number }>(
          database.url,
          `select user_id, n from public.${table}`,
        )
      ).map(({ user_id, n }): [string, number] => [user_id, n]);

    const first = await openOn(database.url, topic, [tableOn(topic, 1)]);
    await first.setUp();
    await first.runner.start();
    await publishAll(first, exampleOn(topic), events.slice(0, 200));
    await settled(first);
    await first.close();
    await grow([topic], 4);

    const second = await openOn(database.url, topic, [tableOn(topic, 2)]);
    await publishAll(second, exampleOn(topic), events.slice(200));
    const refused = await second.versions.rebuild('tallies').catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'PARTITIONS_CHANGED',
      message: expect.stringMatching(
        /had 1 partitions when it was first read and has 4 now.*reprise log repartition .* --to .*raise the version and rebuild/,
      ),
    });
    await second.close();

    const fresh = await openOn(database.url, topic, [sessionsOn(topic)]);
    await fresh.runner.start();
    await vi.waitFor(
      async () => {
        const [status] = await fresh.status();
        expect(status?.tasks.map(({ state }) => state)).toEqual(Array(4).fill('halted'));
        expect(status?.tasks[0]?.error).toMatch(/^PARTITIONS_CHANGED: sittings v1 cannot be built/);
      },
      { timeout: 30_000, interval: 200 },
    );

    const report = await repartitionTopic(fresh.log, { from: topic, to: `${topic}-4` });
    expect(report).toMatchObject({ partitions: 4, records: events.length, left: 0 });
    await expect(
      repartitionTopic(fresh.log, { from: topic, to: `${topic}-4` }),
    ).rejects.toMatchObject({
      code: 'COPY_REFUSED',
    });
    await fresh.close();
    const moved = await openOn(database.url, `${topic}-4`, [tableOn(`${topic}-4`, 2)]);
    await moved.versions.rebuild('tallies');
    const built = await rowsOf('tallies__v2');
    expect(built).toHaveLength(expected.size);
    expect(new Map(built)).toEqual(expected);
    await moved.close();
    await database.drop();
  });

  test('refuses what was built of a topic that had grown before it was first read', async () => {
    const database = await createTestDatabase();
    const topic = uniqueTopic('growing');
    const events = exampleEvents(200);
    const publisher = await openOn(database.url, topic, []);
    await publisher.migrate();
    await publisher.log.ensureTopics([{ topic, partitions: 1 }]);
    await publishAll(publisher, exampleOn(topic), events.slice(0, 100));
    await publisher.close();
    await grow([topic], 4);
    const app = await openOn(database.url, topic, [tableOn(topic, 1)]);
    await publishAll(app, exampleOn(topic), events.slice(100));
    await expect(app.versions.rebuild('tallies')).rejects.toMatchObject({
      code: 'PARTITIONS_CHANGED',
      message: expect.stringMatching(
        /the key \["[^"]+"\] has rows of several partitions.*repartition/,
      ),
    });
    await app.close();
    await database.drop();
  });

  test('lets windows of a new projection begin, with a view that merges', async () => {
    const database = await createTestDatabase();
    const topic = uniqueTopic('growing');
    const events = exampleEvents(300);
    class Windows extends WindowedProjection {
      readonly name = 'per_user';
      readonly version = 1;
      define() {
        const from = this.from(exampleOn(topic).event).key('userId');
        return from.window(tumbling('3650 days')).measure({ n: count() });
      }
    }
    const first = await openOn(database.url, topic, [tableOn(topic, 1)]);
    await first.setUp();
    await first.runner.start();
    await publishAll(first, exampleOn(topic), events.slice(0, 150));
    await settled(first);
    await first.close();
    await grow([topic], 4);
    const second = await openOn(database.url, topic, [Windows]);
    await publishAll(second, exampleOn(topic), events.slice(150));
    await second.runner.start();
    const users = new Set(events.map(({ userId }) => userId)).size;
    await vi.waitFor(
      async () => {
        const rows = await sql<{ n: string }>(database.url, 'select n from public.per_user');
        expect(rows.reduce((sum, { n }) => sum + Number(n), 0)).toBe(events.length);
        expect(rows).toHaveLength(users);
      },
      { timeout: 30_000, interval: 200 },
    );
    await second.close();
    await database.drop();
  });

  test('takes a topic that grew before its first record as it is', async () => {
    const database = await createTestDatabase();
    const topic = uniqueTopic('growing');
    const first = await openOn(database.url, topic, [tableOn(topic, 1)]);
    await first.setUp();
    await first.runner.start();
    await first.close();
    await grow([topic], 4);
    const second = await openOn(database.url, topic, [tableOn(topic, 2)]);
    expect(await second.versions.rebuild('tallies')).toMatchObject({ rows: 0n });
    await second.close();
    await database.drop();
  });
});
