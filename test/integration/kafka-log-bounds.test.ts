import { Kafka, logLevel } from 'kafkajs';
import { afterAll, expect, test } from 'vitest';
import type { EventLog, ReadPosition } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';

describeKafka('the Kafka log at its bounds', (brokers) => {
  const log = createKafkaLog({ brokers });
  afterAll(() => log.close());

  test('says OFFSET_OUT_OF_RANGE below a start that DeleteRecords moved, and reads on from there', async () => {
    const topic = uniqueTopic('deleted');
    await log.ensureTopics([{ topic, partitions: 1 }]);
    await log.append(numbered(topic, 100));
    const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic); // kafkajs deletes only in topics whose metadata it has
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '40' }] });
    await admin.disconnect();
    const described = (await log.describe([topic])).get(topic);
    expect(described?.partitions[0]).toMatchObject({ startOffset: 40n, stableEndOffset: 100n });
    await expect(
      offsetsOf(log, { topic, partition: 0, offset: 10n, untilOffset: 100n }),
    ).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      retriable: false,
      facts: { topic, partition: 0, offset: 10n, startOffset: 40n, stableEndOffset: 100n },
    });
    const offsets = await offsetsOf(log, { topic, partition: 0, offset: 40n, untilOffset: 100n });
    expect(offsets).toEqual(Array.from({ length: 60 }, (_, i) => 40 + i));
  });

  test('makes topics that keep their records for ever, whatever the broker does by default', async () => {
    const [kept, expiring] = [uniqueTopic('kept'), uniqueTopic('expiring')];
    await log.ensureTopics([
      { topic: kept, partitions: 1 },
      { topic: expiring, partitions: 1, config: { 'retention.ms': '60000' } },
    ]);
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const configNames = ['retention.ms', 'retention.bytes'];
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [kept, expiring].map((name) => ({ type: 2, name, configNames })),
    });
    await admin.disconnect();
    const settings = resources.map(({ configEntries }) =>
      Object.fromEntries(configEntries.map((each) => [each.configName, each.configValue])),
    );
    expect(settings).toEqual([
      { 'retention.ms': '-1', 'retention.bytes': '-1' },
      { 'retention.ms': '60000', 'retention.bytes': '-1' },
    ]);
  });

  test('moves over the holes that compaction makes', async () => {
    const topic = uniqueTopic('compacted');
    const config = {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '100',
    };
    await log.ensureTopics([{ topic, partitions: 1, config }]);
    let written = 0;
    let offsets: number[] = [];
    // Each append rolls a segment once it is old enough; the cleaner comes by when it likes.
    while (written === 0 || offsets.length === written) {
      await log.append(numbered(topic, 20));
      written += 20;
      offsets = await offsetsOf(log, {
        topic,
        partition: 0,
        offset: 0n,
        untilOffset: BigInt(written),
      });
    }
    expect(new Set(offsets).size).toBe(offsets.length);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(offsets.at(-1)).toBe(written - 1);
  });

  test('names the broker that does not answer, and what to do, within seconds', async () => {
    const nowhere = createKafkaLog({ brokers: ['127.0.0.1:9'], availabilityTimeoutMs: 500 });
    const started = performance.now();
    await expect(nowhere.describe(['t'])).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
      message: expect.stringMatching(/127\.0\.0\.1:9 cannot be reached.*brokers/),
    });
    await nowhere.close();
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

function numbered(topic: string, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    partition: 0,
    key: Buffer.from(`k${i % 5}`),
    value: Buffer.from(`v${i}`),
  }));
}

async function offsetsOf(log: EventLog, position: ReadPosition): Promise<number[]> {
  const offsets: number[] = [];
  for await (const batch of log.read([position])) {
    for (let i = 0; i < batch.count; i += 1) offsets.push(batch.offsets[i] ?? -1);
  }
  return offsets;
}
