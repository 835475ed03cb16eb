import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

/** Activations and rollbacks under the poller. */
const CYCLES = Number(process.env['REPRISE_TEST_CYCLES'] ?? 10);

const example = exampleOn('user-actions');
const database = useDatabase('file');
let first: Reprise;
let second: Reprise;

beforeAll(async () => {
  first = await open(1);
  await first.setUp();
  await first.runner.start();
  await publishAll(first, example, exampleEvents(1_000));
  second = await open(2);
});

afterAll(async () => {
  await first.close();
  await second.close();
});

function open(version: number): Promise<Reprise> {
  return createTestApp({ databaseUrl: database.url, example, version });
}

async function folded(app: Reprise, version: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const status = (await app.status()).find((each) => each.version === version);
      expect(status?.lagRecords).toBe(0n);
    },
    { timeout: 30_000, interval: 50 },
  );
}

test('without a version before there is nothing to roll back to', async () => {
  await expect(first.versions.rollback('user_metrics')).rejects.toMatchObject({
    code: 'ROLLBACK_REFUSED',
  });
  await expect(first.versions.rollback('nothing')).rejects.toMatchObject({
    code: 'ROLLBACK_REFUSED',
  });
});

test('verify finds live rows equal to a replay while events come in, and leaves nothing behind', async () => {
  const publishing = publishAll(first, example, exampleEvents(2_000, 3));
  const report = await first.versions.verify('user_metrics');
  await publishing;
  expect(report).toMatchObject({ name: 'user_metrics', version: 1, differentRows: 0 });
  expect(report.records).toBeGreaterThanOrEqual(1_000);
  expect(
    await sql(
      database.url,
      `select from pg_tables where schemaname = 'reprise_verify' or tablename like '%\\_\\_v0'`,
    ),
  ).toEqual([]);
  expect(await sql(database.url, 'select from reprise.tasks where version = 0')).toEqual([]);
});

test('verify names rows that differ, are missing or surplus, in whatever column', async () => {
  await folded(first, 1);
  const table = 'public.user_metrics__v1';
  const [row] = await sql<{ user_id: string; window_start: Date }>(
    database.url,
    `select user_id, window_start from ${table} order by _partition, user_id, window_start limit 1`,
  );
  const change = (text: string) => sql(database.url, text, [row?.user_id, row?.window_start]);
  const where = 'where user_id = $1 and window_start = $2';
  await change(`update ${table} set events = events + 1 ${where}`);
  const changed = await first.versions.verify('user_metrics');
  expect(changed).toMatchObject({
    differentRows: 1,
    differences: [
      { kind: 'different', key: { user_id: row?.user_id }, columns: [{ name: 'events' }] },
    ],
  });
  await change(`update ${table} set events = events - 1 ${where}`);
  await change(
    `insert into ${table} select (jsonb_populate_record(t, '{"user_id": "nobody"}')).* from ${table} t ${where}`,
  );
  expect((await first.versions.verify('user_metrics')).differences).toMatchObject([
    { kind: 'surplus', key: { user_id: 'nobody' } },
  ]);
  await sql(database.url, `delete from ${table} where user_id = 'nobody'`);
  expect((await first.versions.verify('user_metrics')).differentRows).toBe(0);
});

test('a rebuild that was given up is retired, and can be begun anew', async () => {
  const signal = AbortSignal.abort(new Error('given up'));
  await expect(second.versions.rebuild('user_metrics', { signal })).rejects.toThrow('given up');
  await expect(second.versions.verify('user_metrics')).rejects.toMatchObject({
    code: 'VERIFY_REFUSED',
  });
  await second.versions.retire('user_metrics', 2);
  expect((await second.status()).map(({ version }) => version)).toEqual([1]);
  await expect(second.versions.retire('user_metrics', 1)).rejects.toMatchObject({
    code: 'RETIRE_REFUSED',
  });
  await expect(second.versions.retire('user_metrics', 7)).rejects.toMatchObject({
    code: 'RETIRE_REFUSED',
  });
  await second.versions.rebuild('user_metrics');
});

test('a reader who polls through activations and rollbacks under load sees no error, no missing row and no mix of versions', async () => {
  await second.versions.activate('user_metrics');
  await second.runner.start();
  const pool = new Pool({ connectionString: database.url, max: 4 });
  // Readers cannot tell the versions apart by their rows, which are equal; a mark in a column that
  // events of this test never reach can.
  const marked = 'user-marked';
  for (const version of [1, 2]) {
    const table = `public.user_metrics__v${version}`;
    const mark = `jsonb_build_object('user_id', '${marked}' || n, 'events', ${version})`;
    await sql(
      database.url,
      `insert into ${table} select (jsonb_populate_record(t, ${mark})).* from ${table} t, generate_series(1, 50) n
       where t.ctid = (select ctid from ${table} limit 1)`,
    );
  }
  const stop = new AbortController();
  const seen = { polls: 0, versions: new Set<number>(), wrong: [] as unknown[] };
  const polling = Promise.all(
    [0, 1].map(async () => {
      while (!stop.signal.aborted) {
        const { rows } = await pool.query<{ n: string; least: string; most: string }>(
          `select count(*) as n, min(events) as least, max(events) as most from public.user_metrics where user_id like '${marked}%'`,
        );
        seen.polls += 1;
        seen.versions.add(Number(rows[0]?.least));
        if (rows[0]?.n !== '50' || rows[0].least !== rows[0].most) seen.wrong.push(rows[0]);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }),
  );
  const publishing = (async () => {
    for (let seed = 100; !stop.signal.aborted; seed += 1) {
      await publishAll(first, example, exampleEvents(200, seed));
    }
  })();
  try {
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      expect(await second.versions.rollback('user_metrics')).toMatchObject({
        version: 1,
        previousVersion: 2,
      });
      expect(await second.versions.activate('user_metrics')).toMatchObject({
        version: 2,
        previousVersion: 1,
      });
    }
  } finally {
    stop.abort();
    await Promise.all([polling, publishing]);
    await pool.end();
  }
  expect(seen.wrong).toEqual([]);
  expect(seen.versions).toEqual(new Set([1, 2]));
  expect(seen.polls).toBeGreaterThan(CYCLES);
  for (const version of [1, 2]) {
    await sql(
      database.url,
      `delete from public.user_metrics__v${version} where user_id like '${marked}%'`,
    );
    await folded(first, version);
  }
  expect(await tableDigest(database.url, 'user_metrics__v1')).toBe(
    await tableDigest(database.url, 'user_metrics__v2'),
  );
  expect((await second.versions.verify('user_metrics')).differentRows).toBe(0);
});

test('a version that has not kept up is not rolled back to, until its code runs again; retired, never', async () => {
  await first.runner.stop();
  await publishAll(first, example, exampleEvents(100, 9));
  await folded(second, 2);
  await expect(second.versions.rollback('user_metrics')).rejects.toThrow(
    /version 1 is \d+ records behind \(first at user-actions\[/,
  );
  expect(await second.readModels.query('user_metrics')).not.toEqual([]);
  const again = await open(1);
  await again.runner.start();
  expect(await second.versions.rollback('user_metrics')).toMatchObject({ version: 1 });
  await again.close();
  await second.versions.retire('user_metrics', 2);
  await expect(second.versions.rollback('user_metrics')).rejects.toMatchObject({
    code: 'ROLLBACK_REFUSED',
  });
  expect(
    await sql(database.url, `select from pg_tables where tablename = 'user_metrics__v2'`),
  ).toEqual([]);
});
