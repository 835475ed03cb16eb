import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { recordAt } from '../../src/log/record-at.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { cachedRegistry } from '../../src/registry/cached-registry.ts';
import { createConfluentRegistry } from '../../src/registry/confluent/confluent-registry.ts';
import type { Runner } from '../../src/runner/runner.ts';
import { createRunner } from '../../src/runner/runner.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { type Flaw, type FlawedRegistry, startFlawedRegistry } from '../support/flawed-registry.ts';
import { sql } from '../support/read-model.ts';

const SOON = { timeout: 60_000, interval: 50 };
const LEASE_MS = 1_000;

describe('a runner whose registry', () => {
  let bench: FaultBench;
  let flawed: FlawedRegistry;
  let runner: Runner;
  let pool: ReturnType<typeof createPool>;

  beforeEach(async () => {
    bench = await createFaultBench({});
    const { log, registry, plans } = bench.app;
    flawed = await startFlawedRegistry(registry);
    pool = createPool({ url: bench.databaseUrl });
    runner = createRunner(
      {
        pool,
        log,
        registry: cachedRegistry(createConfluentRegistry({ url: flawed.url, timeoutMs: 300 })),
        logger: pino({ level: 'silent' }),
        owner: 'unlucky/1/a',
        leaseMs: LEASE_MS,
        onError: 'skip',
      },
      plans,
    );
  });

  afterEach(async () => {
    await flawed.misbehave(null);
    await runner.stop();
    await pool.end();
    await flawed.stop();
    await bench.close();
  });

  const tasks = async () => (await bench.app.status())[0]?.tasks ?? [];
  const letters = () => bench.app.deadLetters.list({ projection: 'user_metrics' });

  /** The id of a schema that says the same as the event's, under a text of its own. */
  async function registerAnew(): Promise<number> {
    const { app, example } = bench;
    const schema = JSON.parse(example.event.schemaText ?? '') as object;
    const text = JSON.stringify({ ...schema, doc: 'written anew' });
    return (await app.registry.register(`${example.topic}-value`, text)).id;
  }

  /** Copies of the first `count` records, as written with another schema. */
  async function republish(count: number, id: number): Promise<void> {
    const { app, example } = bench;
    const from = { topic: example.topic, partition: 0, offset: 0n, untilOffset: BigInt(count) };
    for await (const batch of app.log.read([from])) {
      for (let i = 0; i < batch.count; i += 1) {
        const { topic, partition, key, value } = recordAt(batch, i);
        const copy = Buffer.from(value ?? []);
        copy.writeInt32BE(id, 1);
        await app.log.append([{ topic, partition, key, value: copy }]);
      }
    }
  }

  /** When the runner last renewed its lease. */
  async function lastBeatMs(): Promise<number> {
    return (await bench.app.instances.list())[0]?.lastHeartbeatAt.getTime() ?? 0;
  }

  async function folded(): Promise<number> {
    const [row] = await sql<{ n: string | null }>(
      bench.databaseUrl,
      'select sum(events) as n from user_metrics',
    );
    return Number(row?.n ?? 0);
  }

  test.each<Flaw>(['down', 'stalled', 'error 500', 'html'])(
    'is %s pauses, keeps its tasks, and goes on; known ids flow meanwhile; never a dead letter (row 18)',
    async (flaw) => {
      await flawed.misbehave(flaw);
      await bench.publish(200);
      await runner.start();
      const paused = async () => {
        for (const { state, error } of await tasks()) {
          expect(state).toBe('paused');
          expect(error).toMatch(/^REGISTRY_UNAVAILABLE: /);
        }
      };
      await vi.waitFor(paused, SOON);
      const pausedAtMs = await lastBeatMs();
      await vi.waitFor(async () => {
        expect((await lastBeatMs()) - pausedAtMs).toBeGreaterThan(2 * LEASE_MS);
      }, SOON);
      await paused();
      await flawed.misbehave(null);
      await bench.caughtUp();
      await flawed.misbehave(flaw);
      await bench.publish(200);
      await bench.caughtUp();
      expect((await tasks()).map(({ epoch }) => epoch)).toEqual([1n, 1n, 1n, 1n]);
      expect(await letters()).toEqual([]);
      await runner.stop();
      await bench.expectExact();
    },
  );

  test('gets a schema later than the log its records waits for it (row 17)', async () => {
    await bench.publish(200);
    await runner.start();
    await bench.caughtUp();
    const id = await registerAnew();
    flawed.late.set(id, 2);
    await republish(5, id);
    await bench.caughtUp();
    expect(flawed.asked.get(id)).toBe(3);
    expect(await letters()).toEqual([]);
    expect(await folded()).toBe(205);
  });

  test('never gets a schema sets its records aside after a while, and folds their neighbours once (row 17)', async () => {
    await bench.publish(200);
    await runner.start();
    await bench.caughtUp();
    const id = await registerAnew();
    flawed.late.set(id, Number.POSITIVE_INFINITY);
    await republish(5, id);
    await bench.publish(200);
    await bench.caughtUp();
    const said = await letters();
    expect(said.map(({ reason }) => reason)).toEqual(Array(5).fill('UNKNOWN_SCHEMA_ID'));
    expect(flawed.asked.get(id)).toBeGreaterThan(2);
    expect(flawed.asked.get(id)).toBeLessThan(12);
    expect(await folded()).toBe(400);
  });
});
