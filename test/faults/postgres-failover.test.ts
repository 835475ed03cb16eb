import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrate } from '../../src/postgres/migrate.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { createTestApp } from '../support/example-app.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { describeKafka } from '../support/kafka.ts';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { sql } from '../support/read-model.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const SOON = { timeout: 60_000, interval: 50 };

/**
 * A primary with an asynchronous standby, the runner behind one proxy, replication behind another.
 * One story in the order of the tests: the standby falls behind and is promoted, the old primary
 * stays up and writable, the way to it comes back, and at last the events are there exactly once.
 */
describeKafka('a failover to a standby that lacks the last commits', (brokers) => {
  let primary: OwnPostgres;
  let standby: OwnPostgres;
  let replication: TcpProxy;
  let proxy: TcpProxy;
  let bench: FaultBench;

  const at = (server: { port: number }) => ({ host: '127.0.0.1', port: server.port });
  const through = (url: string) => url.replace(/:\d+\//, `:${proxy.port}/`);

  beforeAll(async () => {
    primary = await startOwnPostgres();
    await sql(primary.url(), 'create database app');
    await migrate(primary.url('app'));
    await primary.shutDown();
    replication = await startTcpProxy(at(primary));
    standby = await primary.copy({ standbyOf: replication });
    await primary.start();
    await standby.start();
    proxy = await startTcpProxy(at(primary));
    const databaseUrl = through(primary.url('app'));
    bench = await createFaultBench({ brokers, databaseUrl });
  });

  afterAll(async () => {
    await bench?.close();
    for (const each of [proxy, replication]) await each?.close();
    for (const each of [standby, primary]) await each?.remove();
  });

  /** Commits of all tasks that a server holds. */
  async function flushes(server: OwnPostgres): Promise<number> {
    const [row] = await sql<{ n: string }>(
      server.url('app'),
      'select coalesce(sum(flushes), 0) as n from reprise.tasks',
    );
    return Number(row?.n);
  }

  async function replicated(): Promise<void> {
    await vi.waitFor(async () => {
      const [row] = await sql<{ lsn: string }>(primary.url(), 'select pg_current_wal_lsn() as lsn');
      const [seen] = await sql<{ enough: boolean }>(
        standby.url(),
        'select pg_last_wal_replay_lsn() >= $1::pg_lsn as enough',
        [row?.lsn],
      );
      expect(seen?.enough).toBe(true);
    }, SOON);
  }

  test('on a standby nothing starts', async () => {
    await replicated();
    await expect(
      createTestApp({ databaseUrl: standby.url('app'), example: bench.example, brokers }),
    ).rejects.toMatchObject({ code: 'STANDBY' });
  });

  test('rows and offsets regress together, so the events that the new primary lacks are folded again (row 10)', async () => {
    await bench.publish(1_000);
    await bench.app.runner.start();
    await bench.caughtUp();
    await replicated();
    replication.pause();
    const kept = await flushes(standby);
    await bench.publish(1_000);
    await bench.caughtUp();
    expect(await flushes(primary)).toBeGreaterThan(kept);
    await standby.promote();
    expect(await flushes(standby)).toBe(kept);
    proxy.target = at(standby);
    proxy.resetAll();
    await bench.caughtUp(); // nothing new has to come for that
    await bench.publish(500);
    await bench.caughtUp();
  });

  test('the old primary, still up and writable, is refused while the way leads there (row 11)', async () => {
    const before = [await flushes(primary), await flushes(standby)];
    let refused = 0;
    proxy.judge = (chunk) => {
      if (chunk.includes('pg_is_in_recovery')) refused += 1;
      return 'forward';
    };
    proxy.target = at(primary);
    proxy.resetAll();
    await bench.publish(500);
    await vi.waitFor(() => expect(refused).toBeGreaterThan(5), SOON);
    expect([await flushes(primary), await flushes(standby)]).toEqual(before);
    proxy.target = at(standby);
    proxy.resetAll();
    await bench.caughtUp();
    expect(await flushes(primary)).toBe(before[0]);
    await bench.app.runner.stop();
    await bench.expectExact();
  });

  test('a connection left open to the old primary is cut, and its transaction with it', async () => {
    proxy.target = at(primary);
    const pool = createPool({ url: through(primary.url('app')) });
    try {
      const old = await pool.connect();
      await old.query('begin');
      await old.query("update reprise.tasks set error = 'from the old primary'");
      const held = old.query('select pg_sleep(60)').catch((error: Error) => error);
      proxy.target = at(standby);
      await pool.query('select 1');
      expect(await held).toBeInstanceOf(Error);
      old.release(true);
      proxy.target = at(primary);
      // The idle one, to the new primary.
      await expect(pool.connect()).resolves.toBeInstanceOf(pg.Client);
      await expect(pool.connect()).rejects.toMatchObject({ code: 'SPLIT_BRAIN' });
    } finally {
      proxy.resetAll();
      void pool.end();
    }
    const left = await sql(primary.url('app'), 'select from reprise.tasks where error is not null');
    expect(left).toEqual([]);
  });
});
