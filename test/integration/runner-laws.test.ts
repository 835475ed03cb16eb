import fc from 'fast-check';
import { Pool } from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackoff } from '../../src/concurrency/backoff.ts';
import type { RecordBatch } from '../../src/log/record-batch.ts';
import { sliceBatch } from '../../src/log/slice-batch.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import type { Plan } from '../../src/projection/plan/plan.ts';
import { createTable } from '../../src/readmodel/create-table.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import type { Reprise } from '../../src/reprise.ts';
import { openSession } from '../../src/runner/session/open-session.ts';
import type { TaskSession } from '../../src/runner/session/task-session.ts';
import type { RunnerSettings } from '../../src/runner/settings/runner-settings.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { tableDigest } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const database = useDatabase('file');
let app: Reprise;
let pool: Pool;
let batches: RecordBatch[];

beforeAll(async () => {
  app = await createTestApp({ databaseUrl: database.url, example });
  await app.setUp();
  await publishAll(app, example, exampleEvents(600));
  pool = new Pool({ connectionString: database.url, max: 4 });
  batches = [];
  for await (const batch of app.log.read([
    { topic: example.topic, partition: 0, offset: 0n, untilOffset: await endOfPartition(0) },
  ])) {
    batches.push(batch);
  }
});

afterAll(async () => {
  await pool.end();
  await app.close();
});

async function endOfPartition(partition: number): Promise<bigint> {
  const topic = (await app.log.describe([example.topic])).get(example.topic);
  return topic?.partitions[partition]?.stableEndOffset ?? 0n;
}

function settings(): RunnerSettings {
  const { log, registry } = app;
  return { pool, log, registry, logger: pino({ level: 'silent' }), owner: 'test', onError: 'fail' };
}

/**
 * Every case folds into a version of its own; the same shape, so the tables must come out equal.
 */
let nextVersion = 1;
async function newVersion(): Promise<Plan> {
  const version = nextVersion++;
  const plan = compileProjection(new (example.metricsOf(version))());
  await inTransaction(pool, (client) => createTable(client, plan.table, { constraints: 'now' }));
  return plan;
}

function open(plan: Plan): Promise<TaskSession> {
  return openSession(
    settings(),
    { projection: plan.name, version: plan.version, partition: 0 },
    {
      plan,
      mode: 'live',
      write: upsertRows,
      backoff: createBackoff({ signal: new AbortController().signal }),
      onPause: () => undefined,
    },
  );
}

/** Records [from, to) of partition 0 as one batch, whatever batches the log gave them in. */
function slice(from: number, to: number): RecordBatch {
  const source = batches.find((batch) => batch.firstOffset <= from && to <= batch.nextOffset);
  if (source === undefined) throw new Error(`no single fetched batch covers [${from}, ${to})`);
  const at = from - source.firstOffset;
  const records = { from: at, until: at + to - from };
  return sliceBatch(source, records, { firstOffset: from, nextOffset: to });
}

async function foldWhole(): Promise<string> {
  const plan = await newVersion();
  const session = await open(plan);
  for (const batch of batches) await session.foldBatches([batch]);
  await session.flush();
  return tableDigest(database.url, `user_metrics__v${plan.version}`);
}

describe('the laws, through real Postgres', () => {
  test('laws 1 and 2: any split into batches, flushes and crashes gives the same rows, bit for bit', async () => {
    const whole = await foldWhole();
    const end = batches.at(-1)?.nextOffset ?? 0;
    expect(end).toBeGreaterThan(50);
    const step = fc.record({
      length: fc.integer({ min: 1, max: 40 }),
      then: fc.constantFrom('go on', 'flush', 'crash', 'flush and crash'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const plan = await newVersion();
        let session = await open(plan);
        for (const { length, then } of [...steps, { length: end, then: 'flush' }]) {
          const from = Number(session.nextOffset(example.topic));
          const to = Math.min(end, from + length);
          if (to > from) await session.foldBatches([slice(from, to)]);
          if (then.startsWith('flush')) await session.flush();
          if (then.endsWith('crash')) session = await open(plan);
        }
        const from = Number(session.nextOffset(example.topic));
        if (from < end) await session.foldBatches([slice(from, end)]);
        await session.flush();
        expect(await tableDigest(database.url, `user_metrics__v${plan.version}`)).toBe(whole);
      }),
      { numRuns: 25 },
    );
  });

  test('law 3: a worker that lost its task commits nothing, however late it wakes up', async () => {
    const plan = await newVersion();
    const table = `user_metrics__v${plan.version}`;
    const zombie = await open(plan);
    await zombie.foldBatches([slice(0, 20)]);
    const successor = await open(plan);
    await successor.foldBatches([slice(0, 10)]);
    await successor.flush();
    const before = await tableDigest(database.url, table);
    await expect(zombie.flush()).rejects.toMatchObject({ code: 'FENCED' });
    expect(await tableDigest(database.url, table)).toBe(before);
    await successor.foldBatches([slice(10, 20)]);
    await successor.flush();
  });

  test('law 3: rows and offset commit together: a flush that fails leaves neither', async () => {
    const plan = await newVersion();
    const session = await open(plan);
    await session.foldBatches([slice(0, 20)]);
    const table = `user_metrics__v${plan.version}`;
    await pool.query(`alter table public.${table} add constraint refuse check (events < 0)`);
    await expect(session.flush()).rejects.toMatchObject({ cause: { code: '23514' } });
    await pool.query(`alter table public.${table} drop constraint refuse`);
    const { rows } = await pool.query(
      'select next_offset from reprise.checkpoints where projection = $1 and version = $2',
      [plan.name, plan.version],
    );
    expect(rows).toEqual([]);
    expect(await tableDigest(database.url, table)).toMatch(/^0 rows/);
  });

  test.each([11, 5])(
    'a batch that begins at %i, not at the offset reached, is refused, and spends the session',
    async (from) => {
      const session = await open(await newVersion());
      await session.foldBatches([slice(0, 10)]);
      const refused = { code: 'OFFSET_MISMATCH' };
      await expect(session.foldBatches([slice(from, 20)])).rejects.toMatchObject(refused);
      await expect(session.flush()).rejects.toThrow('used after an error');
    },
  );
});
