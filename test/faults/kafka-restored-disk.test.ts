import { cp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { type OwnKafka, startOwnKafka } from '../support/kafka-broker.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';

const canStart = (await kafkaClassPath()) !== undefined;
if (!canStart && process.env['REPRISE_REQUIRE_KAFKA'] === '1') {
  throw new Error("restoring a broker's disk needs Java and Kafka's jars");
}
if (!canStart) process.stderr.write("NO JAVA: restoring a broker's disk is SKIPPED.\n");

describe.skipIf(!canStart)('a broker whose disk is restored from before', () => {
  let kafka: OwnKafka;
  let bench: FaultBench;

  beforeAll(async () => {
    const started = await startOwnKafka();
    if (started === undefined) throw new Error('Kafka did not start');
    kafka = started;
    bench = await createFaultBench({ brokers: [kafka.brokers] });
  });

  afterAll(async () => {
    await bench?.close();
    await kafka?.stop();
  });

  test.each([0, 2_000])(
    'halts every task with TRUNCATED, when %i other events have come meanwhile (row 29)',
    async (others) => {
      if (others === 0) {
        await bench.publish(400);
        await kafka.kill();
        await cp(kafka.dataDirectory, `${kafka.dataDirectory}-before`, { recursive: true });
        await kafka.restart();
        const runner = await bench.runner();
        await runner.line('ready');
        await vi.waitFor(() => bench.publish(400), { timeout: 60_000, interval: 200 });
        await bench.caughtUp();
        runner.kill('SIGTERM');
        await runner.exited;
        await kafka.kill();
        await rm(kafka.dataDirectory, { recursive: true });
        await cp(`${kafka.dataDirectory}-before`, kafka.dataDirectory, { recursive: true });
        await kafka.restart();
      } else {
        await vi.waitFor(() => bench.publish(others), { timeout: 60_000, interval: 200 });
        await bench.app.resume('user_metrics');
      }
      const again = await bench.runner();
      await vi.waitFor(
        async () => {
          const tasks = (await bench.app.status())[0]?.tasks ?? [];
          expect(tasks.map(({ state, error }) => `${state} ${error?.split(':')[0]}`)).toEqual(
            Array.from({ length: 4 }, () => 'halted TRUNCATED'),
          );
        },
        { timeout: 60_000, interval: 200 },
      );
      again.kill('SIGTERM');
      await again.exited;
    },
  );
});
