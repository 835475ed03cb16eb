import type pg from 'pg';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createBackoff } from '../../src/concurrency/backoff.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import { createTable } from '../../src/readmodel/create-table.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import type { Reprise } from '../../src/reprise.ts';
import { openSession } from '../../src/runner/session/open-session.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { isCommit, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const database = useDatabase('file');
let app: Reprise;
let proxy: TcpProxy;
let throughProxy: pg.Pool;
let expected: string;

beforeAll(async () => {
  app = await createTestApp({ databaseUrl: database.url, example });
  await app.setUp();
  await publishAll(app, example, exampleEvents(400));
  const direct = new URL(database.url);
  proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(direct.port) });
  const url = new URL(database.url);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  throughProxy = createPool({ url: url.href });
  expected = await foldPartition(1, () => undefined);
});

afterAll(async () => {
  await throughProxy.end();
  await proxy.close();
  await app.close();
});

afterEach(() => {
  proxy.judge = () => 'forward';
});

/**
 * Folds partition 0 in steps of 40 records, a flush after each; `beforeFlush` may arm the proxy.
 */
async function foldPartition(
  version: number,
  beforeFlush: (flush: number) => void,
): Promise<string> {
  const plan = compileProjection(new (example.metricsOf(version))());
  await inTransaction(throughProxy, (client) =>
    createTable(client, plan.table, { constraints: 'now' }),
  );
  const { log, registry } = app;
  const session = await openSession(
    {
      pool: throughProxy,
      log,
      registry,
      logger: pino({ level: 'silent' }),
      owner: 'test',
      onError: 'fail',
    },
    { projection: plan.name, version, partition: 0 },
    {
      plan,
      mode: 'live',
      write: upsertRows,
      backoff: createBackoff({ signal: new AbortController().signal }),
      onPause: () => undefined,
    },
  );
  const end =
    (await log.describe([example.topic])).get(example.topic)?.partitions[0]?.stableEndOffset ?? 0n;
  let flushes = 0;
  for (let offset = 0n; offset < end; offset += 40n) {
    const untilOffset = offset + 40n < end ? offset + 40n : end;
    for await (const batch of log.read([
      { topic: example.topic, partition: 0, offset, untilOffset },
    ])) {
      await session.foldBatches([batch]);
    }
    beforeFlush(flushes);
    flushes += 1;
    await session.flush();
  }
  expect(flushes).toBeGreaterThan(1);
  return tableDigest(database.url, `user_metrics__v${version}`);
}

/** Arms the proxy to treat the next COMMIT with `verdict`, once. */
function armOnce(verdict: 'cut-before' | 'cut-after', cuts: { count: number }): void {
  proxy.judge = (chunk) => {
    if (!isCommit(chunk)) return 'forward';
    proxy.judge = () => 'forward';
    cuts.count += 1;
    return verdict;
  };
}

test.each(['cut-before', 'cut-after'] as const)(
  'a connection lost at COMMIT (%s) leaves every batch applied exactly once',
  async (verdict) => {
    const cuts = { count: 0 };
    const version = verdict === 'cut-before' ? 2 : 3;
    const digest = await foldPartition(version, () => armOnce(verdict, cuts));
    expect(cuts.count).toBeGreaterThan(1);
    expect(digest).toBe(expected);
  },
);

test('a backend that is terminated while it writes is taken for an outage, and the batch is written again', async () => {
  const digest = await foldPartition(4, () => {
    proxy.judge = (chunk) => {
      if (!chunk.includes('insert into')) return 'forward';
      proxy.judge = () => 'forward';
      return 'cut-after';
    };
  });
  expect(digest).toBe(expected);
});

test('an idle connection that is lost does not end the process', async () => {
  await throughProxy.query('select 1');
  await sql(
    database.url,
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await expect
    .poll(async () => (await throughProxy.query('select 1 as one').catch(() => null))?.rows)
    .toEqual([{ one: 1 }]);
});
