import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { exampleEvents, exampleOn } from '../support/example-app.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 20 };
const example = exampleOn('user-actions');

class Counts extends WindowedProjection {
  readonly name = 'counts';
  readonly version: number = 1;
  define() {
    return this.from(example.event)
      .key('userId')
      .window(tumbling('1 hour'))
      .measure({ n: count() });
  }
}

class CountsAgain extends Counts {
  override readonly version = 2;
}

const database = useDatabase('test');
let apps: Reprise[];
let clients: pg.Client[];

beforeEach(async () => {
  apps = [];
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await Promise.all(apps.map((app) => app.close()));
});

async function open(projection: new () => Counts = Counts, leaseMs = 10_000): Promise<Reprise> {
  const app = await createReprise({
    projections: [projection],
    events: [example.event],
    database: { type: 'url', url: database.url },
    topicPartitions: 1,
    leaseMs,
    logLevel: 'silent',
  });
  apps.push(app);
  await app.setUp();
  return app;
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  clients.push(client);
  return client;
}

const publish = (app: Reprise, events: readonly UserActed[]) =>
  Promise.all(events.map((event) => app.publisher.publish(example.event, event)));

/** Has every statement that writes rows of a table take so long. */
async function slowDown(client: pg.Client, table: string, seconds: number): Promise<void> {
  await client.query(`create function public.slow() returns trigger language plpgsql as
    $$ begin perform pg_sleep(${seconds}); return null; end $$`);
  await client.query(
    `create trigger slow after insert on public.${table} for each statement execute function public.slow()`,
  );
}

const sleeping = async (client: pg.Client) =>
  (
    await client.query(
      `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
    )
  ).rowCount;

const folded = async (client: pg.Client) =>
  Number((await client.query('select coalesce(sum(n), 0) as n from public.counts')).rows[0]?.n);

describe('a runner', () => {
  test('cancels the statement under way when its grace is over; nothing of it is committed', async () => {
    const [app, client] = [await open(), await connect()];
    await app.runner.start();
    await slowDown(client, 'counts__v1', 3_600);
    await publish(app, exampleEvents(10));
    await vi.waitFor(async () => expect(await sleeping(client)).toBe(1), SOON);
    await app.runner.stop({ graceMs: 100 });
    await vi.waitFor(async () => expect(await sleeping(client)).toBe(0), SOON);
    expect(await folded(client)).toBe(0);
    await client.query('drop trigger slow on public.counts__v1');
    const next = await open();
    await next.runner.start();
    await vi.waitFor(async () => expect(await folded(client)).toBe(10), SOON);
  });

  test('that is started twice beats once', async () => {
    const [app, client] = [await open(Counts, 600_000), await connect()];
    await client.query('create table public.beats (at timestamptz)');
    await client.query(`create function public.beaten() returns trigger language plpgsql as
      $$ begin insert into public.beats values (clock_timestamp()); return null; end $$`);
    await client.query(
      'create trigger beaten after insert or update on reprise.instances for each row execute function public.beaten()',
    );
    await Promise.all([app.runner.start(), app.runner.start()]);
    await app.runner.start();
    const { rows } = await client.query<{ n: number }>(
      'select count(*)::int as n from public.beats',
    );
    expect(rows).toEqual([{ n: 1 }]);
  });

  test('that was stopped refuses to start', async () => {
    const app = await open();
    await app.runner.start();
    await app.runner.stop();
    await expect(app.runner.start()).rejects.toMatchObject({
      code: 'CLOSED',
      message: expect.stringMatching(/createReprise/),
    });
  });
});

describe('a switch', () => {
  test('waits for a last round that is slower than the time-outs of a session', async () => {
    const [live, client] = [await open(), await connect()];
    await live.runner.start();
    await publish(live, exampleEvents(5));
    await vi.waitFor(async () => expect(await folded(client)).toBe(5), SOON);
    const next = await open(CountsAgain);
    await next.versions.rebuild('counts');
    await slowDown(client, 'counts__v2', 12);
    await publish(live, exampleEvents(5, 2));
    await vi.waitFor(async () => expect(await folded(client)).toBe(10), SOON);
    await expect(next.versions.activate('counts')).resolves.toMatchObject({
      version: 2,
      previousVersion: 1,
    });
    expect(await folded(client)).toBe(10);
  });

  test('that is kept from the view by a reader says by whom, and changes nothing', async () => {
    const [live, client, reader] = [await open(), await connect(), await connect()];
    await live.runner.start();
    await publish(live, exampleEvents(5));
    await vi.waitFor(async () => expect(await folded(client)).toBe(5), SOON);
    await live.runner.stop();
    const next = await open(CountsAgain);
    await next.versions.rebuild('counts');
    await reader.query(`set application_name = 'a report'; begin; select from public.counts`);
    await expect(next.versions.activate('counts')).rejects.toMatchObject({
      code: 'ACTIVATE_REFUSED',
      retriable: true,
      message: expect.stringMatching(/a report.*Nothing was changed/),
    });
    await reader.query('commit');
    await next.versions.activate('counts');
  });
});

describe('a rebuild', () => {
  /** Rebuilds, with the new table locked from the moment it is there. */
  async function lockedRebuild(
    mode: string,
  ): Promise<{ rebuilt: Promise<unknown>; locker: pg.Client }> {
    const [live, locker] = [await open(), await connect()];
    await publish(live, exampleEvents(2_000));
    await live.runner.start();
    await live.runner.stop();
    const rebuilt = (await open(CountsAgain)).versions.rebuild('counts').then(
      (report) => report,
      (error: unknown) => error,
    );
    await locker.query(`set application_name = 'a reader'`);
    const over = { isOver: false };
    void rebuilt.then(() => {
      over.isOver = true;
    });
    for (let isLocked = false; !isLocked && !over.isOver; ) {
      await locker.query('begin');
      isLocked = await locker.query(`lock table public.counts__v2 in ${mode} mode`).then(
        () => true,
        () => false,
      );
      if (!isLocked) await locker.query('rollback');
    }
    return { rebuilt, locker };
  }

  const waiting = async (client: pg.Client) => {
    const { rows } = await client.query<{ transaction: string }>(
      `select virtualtransaction as transaction from pg_locks
       where not granted and mode = 'AccessExclusiveLock' and relation = 'public.counts__v2'::regclass`,
    );
    return rows.map(({ transaction }) => transaction);
  };

  test('that is retired under way says so', async () => {
    const { rebuilt, locker } = await lockedRebuild('share');
    const client = await connect();
    const retired = (await open()).versions.retire('counts', 2);
    await vi.waitFor(async () => expect(await waiting(client)).not.toEqual([]), SOON);
    await locker.query('commit');
    await retired;
    expect(await rebuilt).toMatchObject({
      code: 'REBUILD_REFUSED',
      message: expect.stringMatching(/retired while it was being built.*reprise rebuild counts/),
    });
    const { rows } = await client.query('select from reprise.tasks where version = 2');
    expect(rows).toEqual([]);
  });

  test('waits until nobody reads the new table', async () => {
    const { rebuilt, locker } = await lockedRebuild('access share');
    const client = await connect();
    const seen = new Set<string>();
    // Its second transaction that waits: the first was ended by the lock time-out.
    await vi.waitFor(async () => {
      for (const transaction of await waiting(client)) seen.add(transaction);
      expect(seen.size).toBeGreaterThan(1);
    }, SOON);
    await locker.query('commit');
    expect(await rebuilt).toMatchObject({ name: 'counts', version: 2, records: 2_000 });
  });

  test('a retire that is kept from the tables by a reader says by whom', async () => {
    const [live, reader] = [await open(), await connect()];
    await live.runner.start();
    await live.runner.stop();
    const next = await open(CountsAgain);
    await next.versions.rebuild('counts');
    await reader.query(`set application_name = 'a report'; begin; select from public.counts__v2`);
    await expect(next.versions.retire('counts', 2)).rejects.toMatchObject({
      code: 'RETIRE_REFUSED',
      message: expect.stringMatching(/a report/),
    });
    await reader.query('commit');
    await next.versions.retire('counts', 2);
  });
});
