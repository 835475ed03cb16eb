import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../src/event/define-event.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { LogRecord } from '../../src/log/record-batch.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { createTestApp, exampleEvents, exampleOn } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { useDatabase } from '../support/test-database.ts';

onEveryLog('the publisher', (log) => {
  const example = exampleOn(uniqueTopic('published'));
  const database = useDatabase('file');
  let app: Reprise;

  beforeAll(async () => {
    app = await createTestApp({ databaseUrl: database.url, example, ...log });
    await app.setUp();
  });

  afterAll(async () => {
    await app.close();
  });

  async function recordsOf(topic: string): Promise<LogRecord[]> {
    const description = (await app.log.describe([topic])).get(topic);
    const positions = (description?.partitions ?? [])
      .filter(({ stableEndOffset }) => stableEndOffset > 0n)
      .map(({ partition, stableEndOffset }) => ({
        topic,
        partition,
        offset: 0n,
        untilOffset: stableEndOffset,
      }));
    const records: LogRecord[] = [];
    for await (const batch of app.log.read(positions)) {
      for (let i = 0; i < batch.count; i += 1) records.push(recordAt(batch, i));
    }
    return records;
  }

  test('gives each event its true position, in the order of its key', async () => {
    const events = exampleEvents(500);
    const positions = await Promise.all(
      events.map((event) => app.publisher.publish(example.event, event)),
    );
    const records = await recordsOf(example.topic);
    const byPosition = new Map(records.map((each) => [`${each.partition}/${each.offset}`, each]));
    const lastOfKey = new Map<string, bigint>();
    for (const [i, { partition, offset }] of positions.entries()) {
      const record = byPosition.get(`${partition}/${offset}`);
      const { userId, occurredAt } = events[i] ?? { userId: '', occurredAt: new Date(0) };
      expect(record?.key?.toString()).toBe(userId);
      expect(record?.timestampMs).toBe(occurredAt.getTime());
      expect(offset).toBeGreaterThan(lastOfKey.get(userId) ?? -1n);
      lastOfKey.set(userId, offset);
    }
    expect(byPosition.size).toBe(500);
  });

  test('an event that does not fit its schema fails alone, and says which field', async () => {
    const [good, other] = exampleEvents(2);
    if (good === undefined || other === undefined) throw new Error('no events');
    const [first, bad, last] = await Promise.allSettled([
      app.publisher.publish(example.event, good),
      app.publisher.publish(example.event, { ...other, value: 'much' as unknown as number }),
      app.publisher.publish(example.event, other),
    ]);
    expect([first?.status, bad?.status, last?.status]).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(bad).toMatchObject({ reason: { code: 'ENCODE_FAILED' } });
    expect(String((bad as PromiseRejectedResult).reason)).toContain('value');
  });

  test('keeps headers, a chosen partition and a chosen timestamp', async () => {
    const [event] = exampleEvents(1);
    if (event === undefined) throw new Error('no event');
    const { partition, offset } = await app.publisher.publish(example.event, event, {
      partition: 3,
      timestampMs: 1_234,
      headers: [{ key: 'trace', value: Buffer.from('abc') }],
    });
    const records = await recordsOf(example.topic);
    const record = records.find((each) => each.partition === partition && each.offset === offset);
    expect(partition).toBe(3);
    expect(record).toMatchObject({ timestampMs: 1_234 });
    expect(record?.headers).toEqual([{ key: 'trace', value: Buffer.from('abc') }]);
  });

  test('publishes JSON and raw events of foreign topics', async () => {
    const topic = uniqueTopic('foreign');
    await app.log.ensureTopics([{ topic, partitions: 1 }]);
    const schema = z.object({ id: z.string(), n: z.number() });
    const json = defineEvent({ name: 'Json', topic, format: 'json', schema, key: 'id' });
    const raw = defineEvent({ name: 'Raw', topic, format: 'raw' });
    await app.publisher.publish(json, { id: 'a', n: 1 });
    await app.publisher.publish(raw, { value: Buffer.from([1, 2, 3]) });
    const records = await recordsOf(topic);
    expect(records.map(({ key }) => key?.toString() ?? null)).toEqual(['a', null]);
    expect(JSON.parse(records[0]?.value?.toString() ?? '')).toEqual({ id: 'a', n: 1 });
    expect(records[1]?.value).toEqual(Buffer.from([1, 2, 3]));
  });

  test('flush waits for what is under way; a closed publisher refuses', async () => {
    const [event] = exampleEvents(1);
    if (event === undefined) throw new Error('no event');
    let acknowledged = false;
    const sent = app.publisher.publish(example.event, event).then(() => {
      acknowledged = true;
    });
    await app.publisher.flush();
    await sent;
    expect(acknowledged).toBe(true);
    await app.publisher.close();
    await expect(app.publisher.publish(example.event, event)).rejects.toMatchObject({
      code: 'CLOSED',
    });
  });
});
