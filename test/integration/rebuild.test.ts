import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { startProgram } from '../support/child-process.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 30_000, interval: 50 };
const example = exampleOn('user-actions');
const database = useDatabase('test');
let live: Reprise;
let next: Reprise;

beforeEach(async () => {
  live = await createTestApp({ databaseUrl: database.url, example });
  next = await createTestApp({ databaseUrl: database.url, example, version: 2 });
  await live.setUp();
  await live.runner.start();
});

afterEach(async () => {
  await next.close();
  await live.close();
});

async function caughtUp(app: Reprise): Promise<void> {
  await vi.waitFor(async () => expect((await app.status())[0]?.lagRecords).toBe(0n), SOON);
}

test('a second rebuild of the same version is refused while the first is at work', async () => {
  await publishAll(live, example, exampleEvents(200));
  const other = await createTestApp({ databaseUrl: database.url, example, version: 2 });
  try {
    let refusal: unknown = null;
    await next.versions.rebuild('user_metrics', {
      onProgress: ({ phase }) => {
        if (phase === 'index')
          refusal ??= other.versions.rebuild('user_metrics').catch((error) => error);
      },
    });
    expect(await refusal).toMatchObject({
      code: 'REBUILD_REFUSED',
      message: expect.stringMatching(/building it now|already built/),
    });
    await next.versions.activate('user_metrics');
  } finally {
    await other.close();
  }
});

test('a rebuild whose process stands still is refused to others, and taken over once it was killed', async () => {
  await publishAll(live, example, exampleEvents(20_000));
  const env = { REPRISE_TEST_URL: database.url, REPRISE_TEST_REBUILD: '1' };
  const rebuilding = startProgram('test/faults/runner-process.ts', env);
  await rebuilding.line('ready');
  await vi.waitFor(
    async () =>
      expect(
        await sql(
          database.url,
          "select 1 from reprise.projection_versions where state = 'building' and builder is not null",
        ),
      ).toHaveLength(1),
    { timeout: 30_000, interval: 1 },
  );
  rebuilding.kill('SIGSTOP');
  await expect(next.versions.rebuild('user_metrics')).rejects.toMatchObject({
    code: 'REBUILD_REFUSED',
    message: expect.stringMatching(/is building it now/),
  });
  rebuilding.kill('SIGKILL');
  await rebuilding.exited;
  await next.versions.rebuild('user_metrics');
  await caughtUp(live);
  expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
    await tableDigest(database.url, 'user_metrics__v1'),
  );
});

test('as of a time: the log as it stood then, frozen', async () => {
  const events = exampleEvents(400);
  await publishAll(live, example, events.slice(0, 150));
  await caughtUp(live);
  const digest = await tableDigest(database.url, 'user_metrics__v1');
  const [latest] = await sql<{ ms: number }>(
    database.url,
    'select max(timestamp_ms)::float8 as ms from reprise.log_records',
  );
  const asOf = new Date((latest?.ms ?? 0) + 1);
  await publishAll(
    live,
    example,
    events.slice(150).map((event) => ({ ...event, occurredAt: new Date(asOf.getTime() + 5_000) })),
  );
  await next.versions.rebuild('user_metrics', { asOf });
  expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(digest);
  await expect(next.versions.activate('user_metrics')).rejects.toMatchObject({
    code: 'ACTIVATE_REFUSED',
    message: expect.stringMatching(/as of/),
  });
  await expect(next.versions.rebuild('user_metrics')).rejects.toMatchObject({
    code: 'REBUILD_REFUSED',
  });
  await next.runner.start();
  expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(digest);
  await next.versions.retire('user_metrics', 2);
  await next.versions.rebuild('user_metrics');
  await next.versions.activate('user_metrics');
});

test('a cancelled one goes on where it was', async () => {
  await publishAll(live, example, exampleEvents(500));
  await expect(
    next.versions.rebuild('user_metrics', { signal: AbortSignal.abort(new Error('enough')) }),
  ).rejects.toThrow('enough');
  await next.versions.rebuild('user_metrics');
  await caughtUp(live);
  expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
    await tableDigest(database.url, 'user_metrics__v1'),
  );
});
