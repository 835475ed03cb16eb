import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { type OwnKafka, startOwnKafka } from '../support/kafka-broker.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';

const canStart = (await kafkaClassPath()) !== undefined;
if (!canStart && process.env['REPRISE_REQUIRE_KAFKA'] === '1') {
  throw new Error("crashing a broker needs Java and Kafka's jars");
}
if (!canStart)
  process.stderr.write('NO JAVA: crashing a Kafka broker under a reader is SKIPPED.\n');

describe.skipIf(!canStart)('a read while the broker is killed and started again', () => {
  let kafka: OwnKafka | undefined;
  let log: EventLog | undefined;
  beforeAll(async () => {
    kafka = await startOwnKafka();
    log = createKafkaLog({ brokers: [kafka?.brokers ?? ''], availabilityTimeoutMs: 30_000 });
  });
  afterAll(async () => {
    await log?.close();
    await kafka?.stop();
  });

  test('goes on without gap and without repetition', async () => {
    if (kafka === undefined || log === undefined) throw new Error('Kafka did not start');
    const topic = 'crash';
    await log.ensureTopics([{ topic, partitions: 2 }]);
    await append(log, topic, 3_000);
    const seen: number[][] = [[], []];
    const stop = new AbortController();
    const positions = [0, 1].map((partition) => ({ topic, partition, offset: 0n }));
    const wanted = { records: 3_000, reached: () => undefined as void };
    const reading = (async (stream: EventLog) => {
      for await (const batch of stream.read(positions, {
        signal: stop.signal,
        partitionBytesMax: 2_000,
      })) {
        for (let i = 0; i < batch.count; i += 1) {
          seen[batch.partition]?.push(batch.offsets[i] ?? -1);
        }
        if (count(seen) >= wanted.records) wanted.reached();
      }
    })(log);
    const until = (records: number) =>
      new Promise<void>((resolve) => {
        wanted.records = records;
        wanted.reached = resolve;
        if (count(seen) >= records) resolve();
      });
    await until(500);
    await kafka.kill();
    await kafka.restart();
    await append(log, topic, 1_000);
    await until(4_000);
    stop.abort();
    await reading;
    const ends = (await log.describe([topic])).get(topic)?.partitions ?? [];
    for (const { partition, stableEndOffset } of ends) {
      expect(seen[partition]).toEqual(Array.from({ length: Number(stableEndOffset) }, (_, i) => i));
    }
  });
});

function count(seen: readonly (readonly number[])[]): number {
  return seen.reduce((sum, { length }) => sum + length, 0);
}

async function append(log: EventLog, topic: string, records: number): Promise<void> {
  for (let i = 0; i < records; i += 100) {
    await log.append(
      Array.from({ length: 100 }, (_, j) => ({
        topic,
        partition: j % 2,
        key: null,
        value: Buffer.from(`value-${i + j}`),
      })),
    );
  }
}
