import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import config from '../../reprise.config.ts';
import { catchUp } from '../../src/cli/terminal/catch-up.ts';
import { publishExactly } from '../../src/cli/terminal/publish-steadily.ts';
import { verifyProjection } from '../../src/cli/terminal/verify-projection.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import type { Reprise } from '../../src/reprise.ts';
import { type ChildProcess, startProgram } from '../support/child-process.ts';
import { createUnmigratedDatabase, type TestDatabase } from '../support/test-database.ts';

const LEASE_MS = 1_500;
/** Six projections of four partitions each. */
const TASKS = 24;
const SOON = { timeout: 120_000, interval: 100 };

let database: TestDatabase;
let pool: pg.Pool;
let programs: ChildProcess[];
let app: Reprise;

beforeEach(async () => {
  database = await createUnmigratedDatabase();
  pool = new pg.Pool({ connectionString: database.url });
  programs = [];
  app = await createReprise({
    ...config,
    database: { type: 'url', url: database.url },
    logLevel: 'silent',
  });
});

afterEach(async () => {
  for (const program of programs) program.kill('SIGKILL');
  await Promise.all(programs.map(({ exited }) => exited));
  await app.close();
  await pool.end();
  await database.drop();
});

/** `reprise run` on the database of the test. */
function start(...args: string[]): ChildProcess {
  const env = { REPRISE_DATABASE_URL: database.url, REPRISE_LEASE_MS: String(LEASE_MS) };
  const program = startProgram('src/cli/main.ts', env, ['run', ...args]);
  programs.push(program);
  return program;
}

/** Live tasks by the process that owns them, most first. */
async function loads(): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ owner: string; count: string }>(
    `select t.owner, count(*) from reprise.tasks t join reprise.instances i on i.instance = t.owner
     where t.state = 'running' and i.lease_until > clock_timestamp() group by t.owner order by 2 desc`,
  );
  return new Map(rows.map(({ owner, count }) => [Number(owner.split('/')[1]), Number(count)]));
}

async function expectShared(among: readonly ChildProcess[], tasks = TASKS): Promise<void> {
  const share = tasks / among.length;
  await vi.waitFor(async () => {
    const now = await loads();
    expect(new Set(now.keys())).toEqual(new Set(among.map(({ pid }) => pid)));
    expect([...now.values()]).toEqual(among.map(() => share));
  }, SOON);
}

async function publish(count: number, seed: number): Promise<void> {
  // One minute after the other: what lies far apart in time may be merged in an order that only the
  // journal knows.
  const options = { seed, startMs: Date.UTC(2026, 0, 1, 0, seed), ratePerSecond: 200 };
  const events = config.dev?.events(options) ?? [];
  await publishExactly({ app, events, count, signal: new AbortController().signal });
}

async function expectExact(): Promise<void> {
  await catchUp(app, AbortSignal.timeout(60_000));
  for (const plan of app.plans) {
    expect(await verifyProjection(app, plan, foldInterpreted)).toEqual([]);
    expect(await app.versions.verify(plan.name)).toMatchObject({ differentRows: 0 });
  }
}

test('four instances that start at once on an empty database share its tasks; a lost one loses nothing, a zombie changes nothing', {
  timeout: 400_000,
}, async () => {
  const four = [start(), start(), start(), start()];
  await expectShared(four);
  await publish(4_000, 1);
  const [first, second, third, fourth] = four as [
    ChildProcess,
    ChildProcess,
    ChildProcess,
    ChildProcess,
  ];
  first.kill('SIGKILL');
  await publish(2_000, 2);
  await expectShared([second, third, fourth]);
  second.kill('SIGSTOP'); // for longer than its lease
  await publish(2_000, 3);
  await expectShared([third, fourth]);
  await publish(1_000, 4);
  second.kill('SIGCONT');
  await publish(1_000, 5);
  await expectShared([second, third, fourth]);
  third.kill('SIGTERM');
  expect(await third.exited, third.output()).toBe(0);
  await expectShared([second, fourth]);
  await expectExact();
});

test('pause, resume, stop and confinement to some tasks', { timeout: 400_000 }, async () => {
  const confined = start('--tasks', 'user_metrics:0-1,login_fraud:3');
  await expectShared([confined], 3);
  const { rows } = await pool.query<{ task: string }>(
    `select projection || partition as task from reprise.tasks where owner is not null order by 1`,
  );
  expect(rows.map(({ task }) => task)).toEqual(['login_fraud3', 'user_metrics0', 'user_metrics1']);
  const free = start();
  await vi.waitFor(async () => {
    expect([...(await loads()).values()]).toEqual([21, 3]);
  }, SOON);

  await app.pause('user_metrics');
  await vi.waitFor(async () => expect([...(await loads()).values()]).toEqual([19, 1]), SOON);
  await publish(1_000, 1);
  expect((await app.status()).find(({ name }) => name === 'user_metrics')).toMatchObject({
    paused: true,
    rows: 0n,
  });
  await app.resume('user_metrics');
  await expectExact();

  expect(await app.health.check()).toMatchObject({ isLive: true, isReady: true, problems: [] });
  expect((await app.instances.list()).map(({ isLive }) => isLive)).toEqual([true, true]);
  expect(await app.instances.stop()).toHaveLength(2);
  expect(await Promise.all([confined.exited, free.exited])).toEqual([0, 0]);
  expect(await app.instances.list()).toEqual([]);
  expect(await app.health.check()).toMatchObject({ isLive: false, problems: ['no instance runs'] });
});
