import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { migrate } from '../../src/postgres/migrate.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { sql } from '../support/read-model.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';

const SOON = { timeout: 60_000, interval: 50 };

/**
 * Connections of a server that this bench's application (10 of the pool, some of the log) cannot
 * exhaust by itself.
 */
const CONNECTIONS = 40;

describe('a runner whose Postgres', () => {
  let postgres: OwnPostgres;
  let bench: FaultBench;

  beforeAll(async () => {
    postgres = await startOwnPostgres({ max_connections: String(CONNECTIONS) });
    await sql(postgres.url(), 'create database app');
    await migrate(postgres.url('app'));
    bench = await createFaultBench({ databaseUrl: postgres.url('app') });
    await bench.publish(200);
    await bench.app.runner.start();
    await bench.caughtUp();
  });

  afterAll(async () => {
    await bench?.close();
    await postgres?.remove();
  });

  const statement = (text: string) => sql(postgres.url('app'), text);

  async function deadLetters(): Promise<number> {
    return (await statement('select from reprise.dead_letters')).length;
  }

  /**
   * Reads how many errors of an SQLSTATE the trigger of `failWrites` has raised: a sequence, since
   * what a failed transaction writes is gone.
   */
  async function raised(): Promise<number> {
    const [row] = await sql<{ n: string }>(
      postgres.url('app'),
      'select case when is_called then last_value else 0 end as n from raised',
    );
    return Number(row?.n);
  }

  /** Has the first `times` writes to the read model fail with an SQLSTATE of Postgres's own. */
  async function failWrites(state: string, times: number): Promise<void> {
    await statement('drop sequence if exists raised cascade; create sequence raised');
    await statement(`create or replace function fail_writes() returns trigger language plpgsql as $$
      begin
        if nextval('raised') <= ${times} then raise exception 'as asked' using errcode = '${state}'; end if;
        return null;
      end $$`);
    await statement(`create or replace trigger fail_writes before insert or update on user_metrics__v1
      for each statement execute function fail_writes()`);
  }

  async function goOnExactly(): Promise<void> {
    await bench.caughtUp();
    expect(await deadLetters()).toBe(0);
    // A lease that ran out meanwhile is taken again with the next heartbeat.
    await vi.waitFor(
      async () =>
        expect(await bench.app.health.check()).toMatchObject({
          isLive: true,
          isReady: true,
          problems: [],
        }),
      SOON,
    );
  }

  test('is crashed and started again goes on, and so do idle connections (row 9)', async () => {
    await postgres.crash();
    await postgres.start();
    await bench.publish(500);
    await statement(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await vi.waitFor(() => bench.app.status(), SOON);
    await bench.publish(500);
    await goOnExactly();
  });

  test.each([
    ['40001', 'serialization failure'],
    ['40P01', 'deadlock'],
    ['55P03', 'lock timeout'],
    ['53100', 'full disk'],
  ])('answers %s (%s) writes the batch again, and no dead letter (rows 12, 13)', async (state) => {
    await failWrites(state, 6);
    await bench.publish(500);
    await vi.waitFor(async () => expect(await raised()).toBeGreaterThan(6), SOON);
    await goOnExactly();
    await statement('drop trigger fail_writes on user_metrics__v1');
  });

  test('stays full for a while says so in status until there is room (row 12)', async () => {
    await failWrites('53100', 1_000_000);
    await bench.publish(500);
    await vi.waitFor(async () => {
      const tasks = (await bench.app.status())[0]?.tasks ?? [];
      expect(tasks.some(({ state, error }) => state === 'paused' && error !== null)).toBe(true);
      expect(await bench.app.health.check()).toMatchObject({ isReady: false });
    }, SOON);
    await statement('drop trigger fail_writes on user_metrics__v1');
    await goOnExactly();
  });

  test('finds a real deadlock with another session (row 13)', async () => {
    const other = new pg.Client({ connectionString: postgres.url('app') });
    await other.connect();
    // The flush is the one that notices, and loses.
    await other.query("set deadlock_timeout = '60s'");
    await other.query('begin');
    await other.query('lock table user_metrics__v1 in share mode');
    await bench.publish(500);
    await vi.waitFor(async () => {
      const waiting = await statement(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      expect(waiting.length).toBeGreaterThan(0);
    }, SOON);
    await other.query('select from reprise.tasks for update');
    await other.query('rollback');
    await other.end();
    await vi.waitFor(async () => {
      const [row] = await sql<{ deadlocks: string }>(
        postgres.url('app'),
        'select deadlocks from pg_stat_database where datname = current_database()',
      );
      expect(Number(row?.deadlocks)).toBeGreaterThan(0);
    }, SOON);
    await goOnExactly();
  });

  test('becomes read-only waits until it takes writes (row 12)', async () => {
    const set = async (value: string) => {
      await sql(postgres.url(), `alter system set default_transaction_read_only = ${value}`);
      await sql(postgres.url(), 'select pg_reload_conf()');
    };
    await set('on');
    await vi.waitFor(async () => {
      const [row] = await sql<{ value: string }>(
        postgres.url('app'),
        "select current_setting('default_transaction_read_only') as value",
      );
      expect(row?.value).toBe('on');
      await expect(bench.app.pause('user_metrics')).rejects.toThrow();
    }, SOON);
    const [before] = await sql<{ n: string }>(
      postgres.url('app'),
      'select sum(flushes) as n from reprise.tasks',
    );
    const refused = bench.publish(100).catch((error: Error) => error);
    expect(await refused).toBeInstanceOf(Error); // the log lives in the same database here
    expect(await statement('select sum(flushes) as n from reprise.tasks')).toEqual([before]);
    await set('off');
    await vi.waitFor(
      async () => expect(await bench.app.health.check()).toMatchObject({ isReady: true }),
      SOON,
    );
  });

  test('has no connection left waits for one (row 12)', async () => {
    const taken: pg.Client[] = [];
    const takeAll = async () => {
      for (;;) {
        const client = new pg.Client({ connectionString: postgres.url() });
        client.on('error', () => undefined);
        const refusal = await client.connect().catch((error: Error) => error);
        if (refusal instanceof Error) return refusal;
        taken.push(client);
      }
    };
    expect(await takeAll()).toMatchObject({ code: '53300' });
    // The application still has its own: until it finds none, those are ended and taken too.
    await vi.waitFor(async () => {
      await taken[0]?.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'app'",
      );
      await takeAll();
      await expect(bench.app.status()).rejects.toThrow();
    }, SOON);
    await Promise.all(taken.map((client) => client.end()));
    await vi.waitFor(() => bench.app.status(), SOON);
    await bench.publish(500);
    await goOnExactly();
  });
});

// Where file systems may not be mounted, the trigger above stands for a full disk alone.
if (canMount()) {
  test('a runner whose disk is really full waits, says so, and resumes (row 12)', fullDisk);
} else {
  console.warn('No right to mount a small disk here: a disk that is really full is not tested.');
}

async function fullDisk(): Promise<void> {
  const disk = mountSmallDisk();
  const postgres = await startOwnPostgres();
  try {
    await sql(postgres.url(), `create tablespace small location '${disk.path}'`);
    await sql(postgres.url(), 'create database app');
    await migrate(postgres.url('app'));
    const bench = await createFaultBench({ databaseUrl: postgres.url('app') });
    const status = async () => (await bench.app.status())[0]?.tasks ?? [];
    await bench.publish(200);
    await bench.app.runner.start();
    await bench.caughtUp();
    await sql(postgres.url('app'), 'alter table user_metrics__v1 set tablespace small');
    disk.fill();
    await vi.waitFor(async () => {
      await bench.publish(500);
      expect(await status()).toContainEqual(
        expect.objectContaining({
          state: 'paused',
          error: expect.stringContaining('No space left on device'),
        }),
      );
    }, SOON);
    expect(await bench.app.health.check()).toMatchObject({ isReady: false });
    disk.makeRoom();
    await bench.caughtUp();
    expect(await sql(postgres.url('app'), 'select from reprise.dead_letters')).toEqual([]);
    await bench.expectExact();
    await bench.close();
  } finally {
    await postgres.remove();
    disk.remove();
  }
}
