import { Client, Pool } from 'pg';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/projection/plan/plan.ts';
import { ensureVersion } from '../../src/runner/live/ensure-version.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { createTestDatabase } from '../support/test-database.ts';

test('a version whose tasks nobody has made yet lags by the whole log, and says so for each partition', async () => {
  const example = exampleOn('user-actions');
  const database = await createTestDatabase();
  const app = await createTestApp({ databaseUrl: database.url, example });
  const pool = new Pool({ connectionString: database.url });
  try {
    await app.setUp();
    await publishAll(app, example, exampleEvents(1_000));
    expect(await app.status()).toEqual([]);
    // Where a process was killed, or lost its broker, between its first two steps.
    expect(await ensureVersion({ pool }, app.plans[0] as Plan)).toBe('active');
    const [status] = await app.status();
    expect(status).toMatchObject({ version: 1, state: 'active', rows: 0n, lagRecords: 1_000n });
    const none = { state: 'idle', owner: null, epoch: 0n, nextOffset: 0n, watermark: null };
    expect(status?.tasks).toMatchObject([0, 1, 2, 3].map((partition) => ({ partition, ...none })));
    await app.runner.start();
    await expect.poll(async () => (await app.status())[0]?.lagRecords).toBe(0n);
    expect((await app.status())[0]?.tasks).toHaveLength(4);
  } finally {
    await app.close();
    await pool.end();
    await database.drop();
  }
});

test('what a status costs does not grow with rows, dead letters and events to publish: large ones are estimates, or counted to a limit', async () => {
  const example = exampleOn('user-actions');
  const database = await createTestDatabase();
  const app = await createTestApp({ databaseUrl: database.url, example });
  const pool = new Pool({ connectionString: database.url });
  const other = new Client({ connectionString: database.url });
  await other.connect();
  try {
    await app.setUp();
    expect(await ensureVersion({ pool }, app.plans[0] as Plan)).toBe('active');
    await pool.query(`do $$ declare name text; begin
      for name in select attname from pg_attribute where attrelid = 'user_metrics__v1'::regclass
        and attnum > 0 and attnotnull and attname not in ('_partition', 'user_id', 'window_start')
      loop execute format('alter table user_metrics__v1 alter %I drop not null', name); end loop; end $$`);
    await pool.query(`insert into user_metrics__v1 (_partition, user_id, window_start)
      select 0, 'u' || n, 'epoch' from generate_series(1, 9000) n`);
    expect((await app.status())[0]).toMatchObject({ rows: 9_000n, rowsAreEstimated: false });
    await pool.query(`insert into user_metrics__v1 (_partition, user_id, window_start)
      select 0, 'v' || n, 'epoch' from generate_series(1, 9000) n`);
    await pool.query(`insert into reprise.dead_letters (projection, version, topic, partition, "offset", reason, message)
      select 'user_metrics', 1, 'user-actions', 0, n, 'DECODE_FAILED', '' from generate_series(1, 3000) n`);
    await pool.query('analyze user_metrics__v1');
    // Nobody who asks for rows gets any: a status that answers has not looked.
    await other.query('begin');
    await other.query('lock table user_metrics__v1 in access exclusive mode');
    const [status] = await app.status();
    expect(status?.rowsAreEstimated).toBe(true);
    expect(status?.rows).toBeGreaterThan(10_000n);
    expect(status).toMatchObject({ deadLetters: 1_000n, countedUpTo: 1_000n, lateEvents: 0n });
    expect(await app.health.check()).toMatchObject({
      isLive: false,
      problems: ['no instance runs'],
    });
    await other.query('rollback');
    expect((await app.status({ exact: true }))[0]).toMatchObject({
      rows: 18_000n,
      rowsAreEstimated: false,
      deadLetters: 3_000n,
      countedUpTo: null,
    });
  } finally {
    await other.end();
    await app.close();
    await pool.end();
    await database.drop();
  }
});
