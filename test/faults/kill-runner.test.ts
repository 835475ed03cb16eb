import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { bundled } from '../support/bundled-program.ts';
import { startProgram } from '../support/child-process.ts';
import { onEveryLog } from '../support/every-log.ts';
import {
  createTestApp,
  type Example,
  exampleEvents,
  exampleOn,
  publishAll,
} from '../support/example-app.ts';
import { randomFrom, seed } from '../support/fault-run.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { differences } from '../support/oracle.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

/** Runs with a kill at a random offset, and events in each: short here; the long form sets both. */
const KILLS = Number(process.env['REPRISE_TEST_KILLS'] ?? '2');
const EVENTS = Number(process.env['REPRISE_TEST_EVENTS'] ?? '20000');

const random = randomFrom(seed);

onEveryLog(`a runner that is killed (seed ${seed})`, (log) => {
  let example: Example;
  const database = useDatabase('test');
  let app: Reprise;
  let env: Record<string, string>;
  let published: number;

  beforeEach(async () => {
    example = exampleOn(uniqueTopic('user-actions'));
    published = 0;
    app = await createTestApp({ databaseUrl: database.url, example, ...log });
    await app.setUp();
    env = { REPRISE_TEST_URL: database.url, REPRISE_TEST_TOPIC: example.topic };
    if (log.brokers !== undefined) env['REPRISE_TEST_BROKERS'] = log.brokers.join(',');
  });

  afterEach(async () => {
    await app.close();
  });

  async function publish(count: number): Promise<void> {
    published += count;
    for (let done = 0; done < count; done += 1_000) {
      await publishAll(
        app,
        example,
        exampleEvents(Math.min(1_000, count - done), seed + published + done),
      );
    }
  }

  const runner = async (extra: Record<string, string> = {}) =>
    startProgram(await bundled('test/faults/runner-process.ts'), { ...env, ...extra });

  async function caughtUp(): Promise<boolean> {
    const [status] = await app.status();
    return status?.lagRecords === 0n && status.tasks.length === 4;
  }

  /**
   * Runs a healthy runner until nothing is left, then compares with an independent fold of the
   * whole log.
   */
  async function resumeAndVerify(): Promise<void> {
    const healthy = await runner();
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

  const runs = Array.from({ length: KILLS }, (_, run) => run + 1);
  test.each(runs)(
    `at a random offset of ${EVENTS} events goes on exactly, and a rebuild gives the same bytes (run %i)`,
    async (run) => {
      // A backlog to fold at once, and more arriving meanwhile: the kill falls somewhere into both.
      await publish(EVENTS / 2);
      const killAt = Math.floor(random() * EVENTS * 0.75);
      const doomed = await runner();
      await doomed.line('ready');
      const killed = (async () => {
        while (Number(await applied()) < killAt) await delay(1);
        doomed.kill('SIGKILL');
      })();
      await publish(EVENTS / 2);
      await killed;
      expect(await doomed.exited).toBeNull();
      console.log(
        `run ${run}: to be killed at offset ${killAt}, is at ${await applied()} of ${published}`,
      );
      await resumeAndVerify();
      await rebuildAndCompare(random() * 300);
    },
    600_000,
  );

  /** Offsets committed so far, over all partitions. */
  async function applied(): Promise<string> {
    const [row] = await sql<{ offsets: string }>(
      database.url,
      'select coalesce(sum(next_offset), 0) as offsets from reprise.checkpoints where version = 1',
    );
    return row?.offsets ?? '0';
  }

  /** Kills a rebuild too, and lets a second one finish it. */
  async function rebuildAndCompare(killAfterMs: number): Promise<void> {
    const killed = await runner({ REPRISE_TEST_REBUILD: '1' });
    await killed.line('ready');
    await delay(killAfterMs);
    killed.kill('SIGKILL');
    await killed.exited;
    const rebuild = await runner({ REPRISE_TEST_REBUILD: '1' });
    const code = await rebuild.exited;
    // The first attempt may have been quicker than the kill: then there is nothing left to build.
    if (code !== 0) expect(rebuild.output()).toContain('is already built (ready)');
    const live = await tableDigest(database.url, 'user_metrics__v1');
    expect(live).not.toMatch(/^0 rows/);
    expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(live);
  }
});
