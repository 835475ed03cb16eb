import { expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { moveLogToKafka } from '../../src/composition/move-log-to-kafka.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { bundled } from '../support/bundled-program.ts';
import { startProgram } from '../support/child-process.ts';
import { randomFrom, seed } from '../support/fault-run.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';
import { createTestDatabase } from '../support/test-database.ts';

const RECORDS = 30_000;
const PARTITIONS = 4;
const KILLS = 2;

describeKafka(`a copy of the log that is killed (seed ${seed})`, (brokers) => {
  test('goes on where it was: every record once, at its offset', async () => {
    const database = await createTestDatabase();
    const topic = uniqueTopic('copied');
    const config: RepriseConfig = {
      projections: [],
      events: [],
      database: { type: 'url', url: database.url },
      logLevel: 'silent',
    };
    const app = await createReprise(config);
    await app.log.ensureTopics([{ topic, partitions: PARTITIONS }]);
    const random = randomFrom(seed);
    await app.log.append(
      Array.from({ length: RECORDS }, (_, n) => ({
        topic,
        key: Buffer.from(`key-${Math.floor(random() * 1_000)}`),
        value: Buffer.alloc(200, String(n)),
        timestampMs: 1_700_000_000_000 + n,
      })),
    );
    const kafka = createKafkaLog({ brokers });
    const doomed = await bundled('test/faults/log-move-process.ts');
    let copied = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const program = startProgram(doomed, {
        REPRISE_TEST_URL: database.url,
        REPRISE_TEST_BROKERS: brokers.join(','),
        REPRISE_TEST_TOPIC: topic,
        REPRISE_TEST_KILL_ABOVE: String(copied),
      });
      expect(await program.exited, program.output()).toBeNull();
      const now = await recordsIn(kafka, topic);
      expect(now).toBeGreaterThan(copied);
      expect(now).toBeLessThan(RECORDS);
      copied = now;
    }

    const report = await moveLogToKafka({
      ...config,
      log: { type: 'kafka', brokers: [...brokers] },
    });
    expect(report.moved).toBe(true);
    const described = (await app.log.describe([topic])).get(topic);
    expect(report.partitions.map(({ partition, nextOffset }) => [partition, nextOffset])).toEqual(
      described?.partitions.map(({ partition, stableEndOffset }) => [partition, stableEndOffset]),
    );
    expect(await recordsIn(kafka, topic)).toBe(RECORDS);
    expect(await valuesOf(kafka, topic)).toEqual(await valuesOf(app.log, topic));
    await kafka.close();
    await app.close();
    await database.drop();
  });
});

async function recordsIn(log: EventLog, topic: string): Promise<number> {
  const described = (await log.describe([topic])).get(topic);
  return (described?.partitions ?? []).reduce((sum, each) => sum + Number(each.stableEndOffset), 0);
}

/** By partition and offset, the first bytes of each value, which tell records apart. */
async function valuesOf(log: EventLog, topic: string): Promise<ReadonlyMap<string, string>> {
  const described = (await log.describe([topic])).get(topic);
  const positions = (described?.partitions ?? []).map(({ partition, stableEndOffset }) => ({
    topic,
    partition,
    offset: 0n,
    untilOffset: stableEndOffset,
  }));
  const values = new Map<string, string>();
  for await (const batch of log.read(positions)) {
    for (let i = 0; i < batch.count; i += 1) {
      const start = batch.valueStart[i] ?? 0;
      const text = batch.bytes.toString('latin1', start, start + 6);
      values.set(`${batch.partition}@${batch.offsets[i]}`, text);
    }
  }
  return values;
}
