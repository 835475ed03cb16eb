import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { KafkaConnections } from '../../src/log/kafka/connection/kafka-connections.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { batchHeaders } from '../../src/log/kafka/wire/batch-headers.ts';
import { fetchRequest } from '../../src/log/kafka/wire/fetch-request.ts';
import { metadataRequest } from '../../src/log/kafka/wire/kafka-request.ts';
import { recordAt } from '../../src/log/record-at.ts';
import type { LogRecord } from '../../src/log/record-batch.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';
import { answers, runJava } from '../support/maven-jars.ts';

const required = process.env['REPRISE_REQUIRE_KAFKA'] === '1';
const hasKcat = required || (await answers('kcat', '-V'));
const classPath = await kafkaClassPath();
const hasJava = required || classPath !== undefined;
if (!hasKcat)
  process.stderr.write('NO KCAT: reading topics written by kcat is SKIPPED (Debian: kcat).\n');
if (!hasJava)
  process.stderr.write('NO JAVA: reading transactions of the Java producer is SKIPPED.\n');

describeKafka('the Kafka log reads what others wrote', (brokers) => {
  const log = createKafkaLog({ brokers });
  afterAll(() => log.close());

  describe.skipIf(!hasKcat)('with kcat', () => {
    test.each([
      ['none', 0],
      ['gzip', 1],
      ['snappy', 2],
      ['lz4', 3],
      ['zstd', 4],
    ])('compressed with %s', async (name, codec) => {
      const topic = uniqueTopic(`kcat-${name}`);
      await log.ensureTopics([{ topic, partitions: 1 }]);
      const lines = Array.from(
        { length: 2_000 },
        (_, i) => `key-${i}:value-${i}-${'abc'.repeat(20)}`,
      );
      const args = ['-P', '-b', brokers.join(','), '-t', topic, '-p', '0', '-z', name, '-K', ':'];
      await kcat([...args, '-H', 'origin=kcat', '-X', 'linger.ms=200'], lines.join('\n'));
      expect(await codecsOf(brokers, topic)).toContain(codec);
      const { records } = await wholeTopic(log, topic);
      expect(records.map(({ key, value }) => `${String(key)}:${String(value)}`)).toEqual(lines);
      expect(records.map(({ offset }) => Number(offset))).toEqual(lines.map((_, i) => i));
      for (const { headers } of records) {
        expect(headers).toEqual([{ key: 'origin', value: Buffer.from('kcat') }]);
      }
    });
  });

  describe.skipIf(!hasJava)("with Java's producer in transactions", () => {
    test.each(['none', 'snappy', 'lz4', 'zstd'])('compressed with %s', async (compression) => {
      const topic = uniqueTopic(`java-${compression}`);
      await log.ensureTopics([{ topic, partitions: 1 }]);
      const source = fileURLToPath(
        new URL('../support/TransactionalProducer.java', import.meta.url),
      );
      const args = [brokers.join(','), topic, compression];
      await runJava({ classPath: classPath ?? '', main: source, args });
      const { records, nextOffset, stableEndOffset } = await wholeTopic(log, topic);
      const committed = [0, 2].flatMap((transaction) =>
        Array.from(
          { length: 10 },
          (_, i) => `transaction-${transaction}-record-${i}-${'x'.repeat(200)}`,
        ),
      );
      expect(records.map(({ value }) => String(value))).toEqual(committed);
      // Four transactions of ten records and a marker each; the last one is aborted, so the tail is
      // only positions.
      expect(stableEndOffset).toBe(44n);
      expect(nextOffset).toBe(44);
    });
  });
});

function kcat(args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('kcat', args, { stdio: ['pipe', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`kcat exited with ${String(code)}`)),
    );
    child.stdin.end(input);
  });
}

/** Codecs of the batches at the start of partition 0, as the broker keeps them. */
async function codecsOf(brokers: readonly string[], topic: string): Promise<number[]> {
  const connections = new KafkaConnections({ brokers });
  const metadata = await connections.sendToAny(metadataRequest([topic]));
  connections.learn(metadata);
  const leader = metadata.topics[0]?.partitions[0]?.leader ?? -1;
  const settings = { maxWaitMs: 500, responseBytesMax: 1 << 20, partitionBytesMax: 1 << 20 };
  const position = { topic, partition: 0, fetchOffset: 0, leaderEpoch: -1 };
  const { bytes, partitions } = await connections.sendTo(
    leader,
    fetchRequest([position], settings),
  );
  await connections.close();
  return partitions.flatMap((fetched) =>
    batchHeaders({ ...fetched, bytes, fetchOffset: 0, untilOffset: Number.POSITIVE_INFINITY }).map(
      ({ codec }) => codec,
    ),
  );
}

async function wholeTopic(
  log: EventLog,
  topic: string,
): Promise<{ records: LogRecord[]; nextOffset: number; stableEndOffset: bigint }> {
  const stableEndOffset =
    (await log.describe([topic])).get(topic)?.partitions[0]?.stableEndOffset ?? -1n;
  const records: LogRecord[] = [];
  let nextOffset = 0;
  for await (const batch of log.read([
    { topic, partition: 0, offset: 0n, untilOffset: stableEndOffset },
  ])) {
    for (let i = 0; i < batch.count; i += 1) records.push(recordAt(batch, i));
    nextOffset = batch.nextOffset;
  }
  return { records, nextOffset, stableEndOffset };
}
