import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { exampleEvents } from '../support/example-app.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { isLongRun, seed } from '../support/fault-run.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { BROKER_IDS, type KafkaCluster, startKafkaCluster } from '../support/kafka-cluster.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';
import { Ledger } from '../support/ledger.ts';
import { differences } from '../support/oracle.ts';
import { sql } from '../support/read-model.ts';

const canStart = (await kafkaClassPath()) !== undefined;
if (!canStart && process.env['REPRISE_REQUIRE_KAFKA'] === '1') {
  throw new Error("three brokers need Java and Kafka's jars");
}
if (!canStart) process.stderr.write('NO JAVA: faults of three brokers are SKIPPED.\n');

const SOON = { timeout: 120_000, interval: 200 };
const PARTITIONS = [0, 1, 2, 3];
/** Brokers that are lost one after the other: each of them three times, in the short form one. */
const LOSSES = isLongRun ? [1, 2, 3, 1, 2, 3, 1, 2, 3] : [1 + (seed % 3)];

describe.skipIf(!canStart)(`a runner on three brokers (seed ${seed})`, () => {
  let cluster: KafkaCluster;
  let admin: Admin;
  let bench: FaultBench;

  beforeAll(async () => {
    const started = await startKafkaCluster();
    if (started === undefined) throw new Error('Kafka did not start');
    cluster = started;
    admin = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  }, 300_000);

  afterEach(async () => {
    await bench?.close();
    for (const id of BROKER_IDS) await cluster.start(id);
  });

  afterAll(async () => {
    await admin?.disconnect();
    await cluster?.stop();
  });

  /** Resolves once exactly these brokers are in sync for every partition, and lead. */
  async function inSync(topic: string, ...ids: readonly number[]): Promise<void> {
    await vi.waitFor(async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = topics[0]?.partitions ?? [];
      expect(partitions).toHaveLength(PARTITIONS.length);
      for (const { isr, leader } of partitions) {
        expect([...isr].sort((a, b) => a - b)).toEqual(ids);
        expect(ids).toContain(leader);
      }
    }, SOON);
  }

  test(`goes on without gap or repetition while brokers (${LOSSES.join(', ')}) are killed and leaders move under load (row 4)`, async () => {
    // Three replicas, two of them in sync for an acknowledgement: any broker may be lost, nothing
    // acknowledged is.
    bench = await createFaultBench({ brokers: cluster.brokers });
    const { app, example } = bench;
    const ledger = new Ledger();
    const runner = await bench.runner();
    await runner.line('ready');
    const end = new AbortController();
    const load = (async () => {
      for (let turn = 0; !end.signal.aborted; turn += 1) {
        const events = exampleEvents(50, seed + turn).map((event, e) => ({
          ...event,
          eventId: `00000000-0000-4000-8000-${String(turn * 50 + e).padStart(12, '0')}`,
        }));
        await ledger.publish(app, example, events).catch(() => undefined);
      }
    })();
    const untilAcknowledged = (more: number) => {
      const wanted = ledger.acknowledged + more;
      return vi.waitFor(() => expect(ledger.acknowledged).toBeGreaterThan(wanted), SOON);
    };
    for (const id of LOSSES) {
      await untilAcknowledged(200);
      await cluster.kill(id);
      await inSync(example.topic, ...BROKER_IDS.filter((other) => other !== id));
      await untilAcknowledged(200);
      await cluster.start(id);
      await inSync(example.topic, ...BROKER_IDS);
    }
    end.abort();
    await load;
    await bench.caughtUp();
    runner.kill('SIGTERM');
    expect(await runner.exited, runner.output()).toBe(0);
    expect(await ledger.audit(app, example)).toEqual([]);
    expect(await differences(app, example)).toEqual([]);
  }, 900_000);

  test.each([
    ['as long as before', 200],
    ['longer', 1_000],
  ])(
    'halts TRUNCATED and folds nothing when a leader without the tail is elected, and its log is %s when the reader looks (row 5)',
    async (_, others) => {
      const topic = uniqueTopic('user-actions');
      await admin.createTopics({
        topics: [
          {
            topic,
            replicaAssignment: PARTITIONS.map((partition) => ({ partition, replicas: [2, 3] })),
            configEntries: Object.entries({
              'unclean.leader.election.enable': 'true',
              'min.insync.replicas': '1',
              'retention.ms': '-1',
            }).map(([name, value]) => ({ name, value })),
          },
        ],
      });
      await inSync(topic, 2, 3);
      bench = await createFaultBench({ brokers: cluster.brokers, topic });
      await cluster.kill(3);
      await inSync(topic, 2);
      const runner = await bench.runner({ REPRISE_LEASE_MS: '600000' });
      await runner.line('ready');
      const tail = exampleEvents(200, seed);
      await publish(tail); // on broker 2 alone
      await bench.caughtUp();
      const before = await standing();
      runner.kill('SIGSTOP');
      await cluster.kill(2);
      await cluster.start(3);
      await inSync(topic, 3);
      // The same keys first: where the tail was, other records end at the same offsets.
      await publish([...tail, ...exampleEvents(others - 200, seed + 1)]);
      runner.kill('SIGCONT');
      await vi.waitFor(async () => {
        const tasks = (await bench.app.status())[0]?.tasks ?? [];
        expect(tasks.map(({ state, error }) => `${state} ${error?.split(':')[0]}`)).toEqual(
          PARTITIONS.map(() => 'halted TRUNCATED'),
        );
      }, SOON);
      expect(await standing()).toEqual(before);
    },
    300_000,
  );

  /** Until all are acknowledged; nothing of it may be there before. */
  function publish(events: ReturnType<typeof exampleEvents>): Promise<void> {
    return vi.waitFor(() => new Ledger().publish(bench.app, bench.example, events), SOON);
  }

  /** Where the tasks stand, and how much the read model holds. */
  function standing(): Promise<unknown> {
    return sql(
      bench.databaseUrl,
      `select (select string_agg(next_offset::text, ',' order by partition) from reprise.checkpoints) as offsets,
         (select sum(events) from user_metrics) as events`,
    );
  }
});
