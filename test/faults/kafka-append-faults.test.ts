import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../src/event/define-event.ts';
import type { EventLog, Position } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { recordAt } from '../../src/log/record-at.ts';
import { createPublisher } from '../../src/publish/create-publisher.ts';
import type { SchemaRegistry } from '../../src/registry/schema-registry.ts';
import { type OwnKafka, startOwnKafka } from '../support/kafka-broker.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';
import { startTcpProxy, type TcpProxy, type Verdict } from '../support/tcp-proxy.ts';

const canStart = (await kafkaClassPath()) !== undefined;
if (!canStart && process.env['REPRISE_REQUIRE_KAFKA'] === '1') {
  throw new Error("cutting a broker's connections needs Java and Kafka's jars");
}
if (!canStart) process.stderr.write('NO JAVA: faults while publishing to Kafka are SKIPPED.\n');

const partitions = 3;
const keys = 20;

/** The broker tells its clients the proxy's address, so every request of theirs goes through it. */
describe.skipIf(!canStart)('publishing while the way to Kafka breaks', () => {
  let proxy: TcpProxy;
  let kafka: OwnKafka | undefined;
  let log: EventLog;

  beforeAll(async () => {
    proxy = await startTcpProxy({ host: '127.0.0.1', port: 1 });
    kafka = await startOwnKafka({ 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}` });
    proxy.target = { host: '127.0.0.1', port: Number(kafka?.brokers.split(':')[1]) };
    log = createKafkaLog({
      brokers: [`127.0.0.1:${proxy.port}`],
      availabilityTimeoutMs: 60_000,
      deliveryTimeoutMs: 120_000,
    });
  });
  afterEach(() => {
    proxy.judge = () => 'forward';
    proxy.resume();
  });
  afterAll(async () => {
    await log.close();
    await kafka?.stop();
    await proxy.close();
  });

  /**
   * Publishes numbered events of some keys, with at most `atOnce` not acknowledged, and compares
   * the topic with them.
   */
  async function publishAndCompare(topic: string, events: number, atOnce: number): Promise<void> {
    await log.ensureTopics([{ topic, partitions }]);
    const schema = z.object({ key: z.string(), n: z.number() });
    const Numbered = defineEvent({ name: 'Numbered', topic, format: 'json', key: 'key', schema });
    const publisher = createPublisher({ log, registry: {} as SchemaRegistry });
    const sent: Promise<Position>[] = [];
    for (let n = 0; n < events; n += 1) {
      sent.push(publisher.publish(Numbered, { key: `key-${n % keys}`, n }));
      if (n >= atOnce) await sent[n - atOnce];
    }
    const positions = await Promise.all(sent);
    await publisher.close();

    const found = await numbersOf(topic);
    expect([...found.values()].flat().sort((a, b) => a - b)).toEqual([...Array(events).keys()]);
    const order = positions.map(({ partition }, n) => ({ partition, n }));
    for (let partition = 0; partition < partitions; partition += 1) {
      const wanted = order.filter((one) => one.partition === partition).map(({ n }) => n);
      expect(found.get(partition)).toEqual(wanted);
    }
    for (const [n, { partition, offset }] of positions.entries()) {
      expect(found.get(partition)?.[Number(offset)]).toBe(n);
    }
  }

  /** The numbers in each partition, by offset. */
  async function numbersOf(topic: string): Promise<Map<number, number[]>> {
    const described = (await log.describe([topic])).get(topic)?.partitions ?? [];
    const found = new Map(described.map(({ partition }) => [partition, [] as number[]]));
    const ends = described.map(({ partition, stableEndOffset }) => ({
      topic,
      partition,
      offset: 0n,
      untilOffset: stableEndOffset,
    }));
    for await (const batch of log.read(ends)) {
      for (let i = 0; i < batch.count; i += 1) {
        const { n } = JSON.parse(String(recordAt(batch, i).value)) as { n: number };
        found.get(batch.partition)?.push(n);
      }
    }
    return found;
  }

  test.each([
    ['after the broker has the batch, before it answers', 'cut-after'],
    ['before the broker has the batch', 'cut-before'],
  ] as const)('stores everything once when connections are cut %s', async (_when, verdict) => {
    let requests = 0;
    let cuts = 0;
    proxy.judge = (chunk): Verdict => {
      if (!isProduce(chunk)) return 'forward';
      requests += 1;
      if (requests % 3 !== 2) return 'forward';
      cuts += 1;
      return verdict;
    };
    await publishAndCompare(`cut-${verdict}`, 1_500, 100);
    expect(cuts).toBeGreaterThan(3);
  });

  test('stores everything once, in order, when the broker is killed and started again', async () => {
    if (kafka === undefined) throw new Error('Kafka did not start');
    const broker = kafka;
    let requests = 0;
    let restarted: Promise<void> | undefined;
    proxy.judge = (chunk): Verdict => {
      if (!isProduce(chunk)) return 'forward';
      requests += 1;
      if (requests === 4) restarted = broker.kill().then(() => broker.restart());
      return 'forward';
    };
    await publishAndCompare('killed', 3_000, 300);
    expect(restarted).toBeDefined();
    await restarted;
  });
});

/** True for the first bytes of a Produce v8 request. */
function isProduce(chunk: Buffer): boolean {
  return chunk.length > 8 && chunk.readInt16BE(4) === 0 && chunk.readInt16BE(6) === 8;
}
