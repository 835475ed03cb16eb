import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { startProgram } from '../support/child-process.ts';
import { onEveryLog } from '../support/every-log.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { differences } from '../support/oracle.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { createTestDatabase } from '../support/test-database.ts';

const FAILPOINTS = [
  'flush:locked',
  'flush:rows-written',
  'flush:before-commit',
  'flush:after-commit',
] as const;

/** Random kills: 3 in the ordinary run; REPRISE_TEST_KILLS=10 REPRISE_TEST_EVENTS=200000 is the long one. */
const KILLS = Number(process.env['REPRISE_TEST_KILLS'] ?? '3');
const EVENTS = Number(process.env['REPRISE_TEST_EVENTS'] ?? '20000');
const seed = Number(process.env['REPRISE_TEST_SEED'] ?? Date.now() % 1_000_000);

onEveryLog(`a runner that is killed (seed ${seed})`, (log) => {
  const example = exampleOn(uniqueTopic('user-actions'));
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let app: Reprise;
  let env: Record<string, string>;
  let published = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await createTestApp({ databaseUrl: database.url, example, ...log });
    await app.setUp();
    env = { REPRISE_TEST_URL: database.url, REPRISE_TEST_TOPIC: example.topic };
    if (log.brokers !== undefined) env['REPRISE_TEST_BROKERS'] = log.brokers.join(',');
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  async function publish(count: number): Promise<void> {
    published += count;
    for (let done = 0; done < count; done += 10_000) {
      await publishAll(
        app,
        example,
        exampleEvents(Math.min(10_000, count - done), seed + published + done),
      );
    }
  }

  const runner = (extra: Record<string, string> = {}) =>
    startProgram('test/faults/runner-process.ts', { ...env, ...extra });

  async function caughtUp(): Promise<boolean> {
    const [status] = await app.status();
    return status?.lagRecords === 0n && status.tasks.length === 4;
  }

  /** Runs a healthy runner until nothing is left, then compares with an independent fold of the whole log. */
  async function resumeAndVerify(): Promise<void> {
    const healthy = runner();
    await healthy.line('ready');
    await expect.poll(caughtUp, { timeout: 120_000, interval: 50 }).toBe(true);
    healthy.kill('SIGTERM');
    expect(await healthy.exited, healthy.output()).toBe(0);
    expect(await differences(app, example)).toEqual([]);
    const rows = await sql<{ events: string }>(
      database.url,
      'select sum(events) as events from user_metrics',
    );
    expect(rows[0]?.events).toBe(String(published));
  }

  test.each(FAILPOINTS)('at %s goes on exactly', async (failpoint) => {
    await publish(2_000);
    const doomed = runner({ REPRISE_FAILPOINT: failpoint, REPRISE_FAILPOINT_AFTER: '2' });
    expect(await doomed.exited, doomed.output()).toBeNull();
    await resumeAndVerify();
  });

  test(`at ${KILLS} random moments of a run of ${EVENTS} events goes on exactly, and a rebuild gives the same bytes`, async () => {
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    for (let kill = 0; kill < KILLS; kill += 1) {
      const doomed = runner();
      const publishing = publish(Math.ceil(EVENTS / KILLS));
      await doomed.line('ready');
      await delay(random() * 400);
      doomed.kill('SIGKILL');
      expect(await doomed.exited).toBeNull();
      await publishing;
      await resumeAndVerify();
    }

    const killedRebuild = runner({ REPRISE_TEST_REBUILD: '1' });
    await killedRebuild.line('ready');
    await delay(random() * 300);
    killedRebuild.kill('SIGKILL');
    await killedRebuild.exited;
    const rebuild = runner({ REPRISE_TEST_REBUILD: '1' });
    const code = await rebuild.exited;
    // The first attempt may have been quicker than the kill: then there is nothing left to build.
    if (code !== 0) expect(rebuild.output()).toContain('is already built (ready)');
    expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
      await tableDigest(database.url, 'user_metrics__v1'),
    );
  });
});
