import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import {
  count,
  createReprise,
  defineEvent,
  max,
  type Reprise,
  tumbling,
  WindowedProjection,
} from '../../src/index.ts';
import { onEveryLog } from '../support/every-log.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { useDatabase } from '../support/test-database.ts';

interface Clicked {
  readonly user: string;
  readonly size: number;
  readonly at: Date;
}

/**
 * A projection that publishes what closes on a topic, each event so many bytes large as its click
 * says.
 */
function publishing(clicks: EventDefinition<Clicked>, topic: string, name: string) {
  const closed = defineEvent({
    name: 'Closed',
    topic,
    format: 'json',
    key: 'user',
    schema: z.object({ user: z.string(), n: z.number(), filling: z.string() }),
  });
  return class Publishing extends WindowedProjection {
    readonly name = name;
    readonly version = 1;
    define() {
      return this.from(clicks)
        .key('user')
        .window(tumbling('1 second'), { idle: '1 second' })
        .measure({ clicks: count(), size: max('size') })
        .onClose(closed, (row) => ({
          user: row.user,
          n: Number(row.clicks),
          filling: 'x'.repeat(row.size ?? 0),
        }));
    }
  };
}

onEveryLog('the outbox', (log) => {
  const database = useDatabase('test');
  let app: Reprise;
  let clicks: EventDefinition<Clicked>;
  let topics: { readonly good: string; readonly bad: string };
  let atMs = Date.UTC(2026, 0, 1);

  beforeEach(async () => {
    clicks = defineEvent({
      name: 'Clicked',
      topic: uniqueTopic('clicks'),
      format: 'json',
      key: 'user',
      time: 'at',
      schema: z.object({ user: z.string(), size: z.number(), at: z.coerce.date() }),
    }) as EventDefinition<Clicked>;
    topics = { good: uniqueTopic('good'), bad: uniqueTopic('bad') };
    app = await createReprise({
      projections: [
        publishing(clicks, topics.bad, 'bad_ones'),
        publishing(clicks, topics.good, 'good_ones'),
      ],
      events: [clicks],
      database: { type: 'url', url: database.url },
      log:
        'brokers' in log && log.brokers !== undefined
          ? { type: 'kafka', brokers: [...log.brokers] }
          : { type: 'postgres' },
      registry: { type: 'postgres' },
      logLevel: 'silent',
    });
    await app.migrate();
    await app.log.ensureTopics([
      { topic: clicks.topic, partitions: 1 },
      { topic: topics.good, partitions: 1 },
    ]);
  });
  afterEach(async () => {
    await app.close();
  });

  /** A click a second, of each user in turn; the last window stays open until silence closes it. */
  async function click(users: readonly string[], sizes: readonly number[] = []): Promise<void> {
    for (const [i, user] of users.entries()) {
      atMs += 1_000;
      await app.publisher.publish(clicks, { user, size: sizes[i] ?? 1, at: new Date(atMs) });
    }
  }

  async function keysOf(topic: string): Promise<string[]> {
    const keys: string[] = [];
    const described = await app.log.describe([topic]).catch(() => new Map());
    const end = described.get(topic)?.partitions[0]?.stableEndOffset ?? 0n;
    if (end === 0n) return keys;
    const reading = app.log.read([{ topic, partition: 0, offset: 0n, untilOffset: end }]);
    for await (const batch of reading) {
      for (let i = 0; i < batch.count; i += 1) {
        keys.push(batch.bytes.toString('utf8', batch.keyStart[i], batch.keyEnd[i]));
      }
    }
    return keys;
  }

  const soon = { timeout: 60_000, interval: 200 };

  test('of a topic that is missing holds up no other, is named in the status, and goes on once the topic is there', async () => {
    await app.runner.start();
    await click(['a', 'b', 'c']);
    await expect.poll(() => keysOf(topics.good), soon).toEqual(['a', 'b', 'c']);
    const failing = async () =>
      (await app.status()).find(({ name }) => name === 'bad_ones')?.publishFailures ?? [];
    await expect.poll(failing, soon).toMatchObject([{ topic: topics.bad, event: 'Closed' }]);
    expect((await failing())[0]?.error).toContain('UNKNOWN_TOPIC');
    await app.log.ensureTopics([{ topic: topics.bad, partitions: 1 }]);
    await expect.poll(() => keysOf(topics.bad), soon).toEqual(['a', 'b', 'c']);
    await expect.poll(failing, soon).toEqual([]);
  }, 180_000);

  test('that refuses one event lets those of other keys go on, and those of its key wait in order', async () => {
    await app.log.ensureTopics([
      log.brokers === undefined
        ? { topic: topics.bad, partitions: 1 }
        : { topic: topics.bad, partitions: 1, config: { 'max.message.bytes': '2000' } },
    ]);
    if (log.brokers === undefined) return expectAllOf(topics.bad);
    await app.runner.start();
    await click(['a', 'b', 'a', 'c', 'b'], [1, 5_000, 1, 1, 1]);
    await expect.poll(() => keysOf(topics.bad), soon).toEqual(['a', 'a', 'c']);
    const [failure] = (await app.status()).flatMap(({ publishFailures }) => publishFailures);
    expect(failure).toMatchObject({ topic: topics.bad, key: 'b', event: 'Closed' });
    expect(failure?.error).toContain('max.message.bytes');
    await expect.poll(() => keysOf(topics.good), soon).toEqual(['a', 'b', 'a', 'c', 'b']);
  }, 180_000);

  /** A log without a limit takes all of it. */
  async function expectAllOf(topic: string): Promise<void> {
    await app.runner.start();
    await click(['a', 'b', 'a'], [1, 5_000, 1]);
    await expect.poll(() => keysOf(topic), soon).toEqual(['a', 'b', 'a']);
  }
});
