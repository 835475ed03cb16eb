import { expect, test } from 'vitest';
import { repartitionTopic } from '../../src/log/copy/repartition-topic.ts';
import { partitionFor } from '../../src/log/partition-for.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { createTestApp, exampleOn } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { createTestDatabase } from '../support/test-database.ts';

/**
 * Everything on a topic: partition, key, value, time and headers, in the order of each partition.
 */
async function contentOf({ log }: Reprise, topic: string): Promise<string[]> {
  const partitions = (await log.describe([topic])).get(topic)?.partitions ?? [];
  const found: string[] = [];
  for (const { partition, stableEndOffset } of partitions) {
    if (stableEndOffset === 0n) continue;
    const position = { topic, partition, offset: 0n, untilOffset: stableEndOffset };
    for await (const batch of log.read([position])) {
      for (let i = 0; i < batch.count; i += 1) {
        const { key, value, timestampMs, headers } = recordAt(batch, i);
        found.push(
          `${partition} ${String(key)} ${String(value)} ${timestampMs} ${headers.map((each) => each.key).join()}`,
        );
      }
    }
  }
  return found;
}

onEveryLog('a topic whose keys lie in several partitions', (log) => {
  test('is copied with each key in one, in the order of time, tombstones and headers included', async () => {
    const database = await createTestDatabase();
    const app = await createTestApp({
      databaseUrl: database.url,
      example: exampleOn(uniqueTopic('any')),
      ...log,
    });
    const [from, to] = [uniqueTopic('grown'), uniqueTopic('mended')];
    await app.migrate();
    await app.log.ensureTopics([{ topic: from, partitions: 3 }]);
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (let n = 0; n < 60; n += 1) {
      // As if the topic had grown after every twenty records.
      const partition = n % (1 + Math.floor(n / 20));
      const value = n % 7 === 0 ? null : Buffer.from(`v${String(n).padStart(2, '0')}`);
      const headers = n % 5 === 0 ? [{ key: `h${n}`, value: null }] : [];
      await app.log.append([
        {
          topic: from,
          partition,
          key: Buffer.from(keys[n % 5] as string),
          value,
          timestampMs: 1_000 + n,
          headers,
        },
      ]);
    }
    const seen: number[] = [];
    const report = await repartitionTopic(app.log, {
      from,
      to,
      partitions: 2,
      onRecords: (n) => seen.push(n),
    });
    expect(report).toEqual({ from, to, partitions: 2, records: 60, left: 0 });
    expect(seen.at(-1)).toBe(60);
    const expected = keys.flatMap((key, k) =>
      Array.from({ length: 60 }, (_, n) => n)
        .filter((n) => n % 5 === k)
        .map((n) => {
          const value = n % 7 === 0 ? 'null' : `v${String(n).padStart(2, '0')}`;
          return `${partitionFor(Buffer.from(key), 2, 0)} ${key} ${value} ${1_000 + n} ${n % 5 === 0 ? `h${n}` : ''}`;
        }),
    );
    const content = await contentOf(app, to);
    expect([...content].sort()).toEqual([...expected].sort());
    for (const key of keys) {
      const times = content
        .filter((line) => line.split(' ')[1] === key)
        .map((line) => Number(line.split(' ')[3]));
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
    await expect(repartitionTopic(app.log, { from, to: from })).rejects.toMatchObject({
      code: 'COPY_REFUSED',
    });
    await app.close();
    await database.drop();
  });
});
