import { afterEach, expect, test } from 'vitest';
import { createSoakApp } from '../../bench/soak/soak-app.ts';
import { orderAt, readingAt, soakEvents } from '../../bench/soak/soak-events.ts';
import { heldBufferBytes } from '../support/held-memory.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { settled } from '../support/settled.ts';
import { createTestDatabase } from '../support/test-database.ts';

const MIB = 1024 * 1024;
/** 8 KiB each: 48 MiB, which every projection of the soak reads. */
const READINGS = 6_000;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describeKafka('a runner that has caught up', (brokers) => {
  test('holds nothing of the batches that its tasks have folded, whatever their kind', async () => {
    const database = await createTestDatabase();
    closing.push(() => database.drop());
    const prefix = uniqueTopic('idle');
    const place = { databaseUrl: database.url, brokers: brokers.join(','), prefix };
    const app = await createSoakApp(place);
    closing.push(() => app.close());
    await app.setUp();
    await app.runner.start();
    const { reading, order } = soakEvents(prefix);
    const publish = async (from: number, until: number) => {
      for (let i = from; i < until; i += 1) {
        void app.publisher.publish(reading, readingAt(i));
        void app.publisher.publish(order, orderAt(i));
        await app.publisher.ready();
      }
      await app.publisher.flush();
      await settled(app);
    };
    await publish(0, 100);
    const before = (await heldBufferBytes()) / MIB;
    await publish(100, READINGS);
    expect((await heldBufferBytes()) / MIB - before).toBeLessThan(16);
  }, 240_000);
});
