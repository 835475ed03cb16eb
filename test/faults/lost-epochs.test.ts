import type { Pool } from 'pg';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBackoff } from '../../src/concurrency/backoff.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import { openSession } from '../../src/runner/session/open-session.ts';
import type { TaskSession } from '../../src/runner/session/task-session.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { sql, tableDigest } from '../support/read-model.ts';

let bench: FaultBench;
let pool: Pool;

beforeEach(async () => {
  bench = await createFaultBench({});
  pool = createPool({ url: bench.databaseUrl });
  await bench.app.runner.start();
  await bench.publish(400);
  await bench.caughtUp();
  await bench.app.runner.stop();
});

afterEach(async () => {
  await pool.end();
  await bench.close();
});

/** Takes the task of partition 0 under a name, as a runner does. */
function take(owner: string): Promise<TaskSession> {
  const plan = compileProjection(new (bench.example.metricsOf(1))());
  const { log, registry } = bench.app;
  return openSession(
    { pool, log, registry, logger: pino({ level: 'silent' }), owner },
    { projection: plan.name, version: 1, partition: 0 },
    {
      plan,
      mode: 'live',
      write: upsertRows,
      backoff: createBackoff({ signal: new AbortController().signal }),
      onPause: () => undefined,
    },
  );
}

/** Folds what the partition holds beyond the session's offset. */
async function foldRest(session: TaskSession): Promise<void> {
  const { topic } = bench.example;
  const untilOffset = (await bench.app.log.describe([topic])).get(topic)?.partitions[0]
    ?.stableEndOffset;
  const offset = session.nextOffset(topic);
  const position = { topic, partition: 0, offset, untilOffset: untilOffset ?? 0n };
  for await (const batch of bench.app.log.read([position])) await session.foldBatches([batch]);
}

test('an epoch that a promoted standby gives away a second time does not let both owners commit', async () => {
  const lost = await take('lost/1/a');
  await bench.publish(400);
  await foldRest(lost);
  // What the new primary holds: the acquisition of the lost one has not reached it.
  await sql(bench.databaseUrl, 'update reprise.tasks set epoch = epoch - 1 where partition = 0');
  const present = await take('present/2/b');
  expect(present.task.epoch).toBe(lost.task.epoch);
  const before = await tableDigest(bench.databaseUrl, 'user_metrics__v1');
  await expect(lost.flush()).rejects.toMatchObject({ code: 'FENCED' });
  expect(await tableDigest(bench.databaseUrl, 'user_metrics__v1')).toBe(before);
  await foldRest(present);
  await present.flush();
});

test('a tick that the new primary lacks makes memory doubtful, although the offsets fit', async () => {
  const session = await take('only/1/a');
  session.tick(60_000);
  await session.flush();
  await sql(
    bench.databaseUrl,
    'update reprise.tasks set flushes = flushes - 1 where partition = 0',
  );
  await sql(bench.databaseUrl, 'delete from reprise.journal where partition = 0');
  await bench.publish(400);
  await foldRest(session);
  await expect(session.flush()).rejects.toMatchObject({ code: 'OFFSET_MISMATCH', retriable: true });
});
