import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Failpoint } from '../../src/concurrency/failpoint.ts';
import type { ChildProcess } from '../support/child-process.ts';
import { onLogsOfRun } from '../support/every-log.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { isLongRun, randomFrom, seed } from '../support/fault-run.ts';
import { sql } from '../support/read-model.ts';

const SOON = { timeout: 60_000, interval: 50 };
/** Starts and stops of the storm. */
const STORM = isLongRun ? 40 : 8;
/** Applications that are closed while they start, and how long that takes at most. */
const STARTS = isLongRun ? 100 : 20;
const START_MS = 60;
const HOUR_MS = 3_600_000;

const PHASES: readonly Failpoint[] = [
  'flush:begun',
  'flush:locked',
  'flush:rows-written',
  'flush:before-commit',
  'transaction:commit-sent',
  'flush:after-commit',
];

onLogsOfRun(`instances that come and go (seed ${seed})`, (log) => {
  let bench: FaultBench;

  beforeEach(async () => {
    bench = await createFaultBench({ ...log, seed });
    await bench.publish(1_000);
  });

  afterEach(() => bench.close());

  async function owned(): Promise<number> {
    const rows = await sql(bench.databaseUrl, 'select from reprise.tasks where owner is not null');
    return rows.length;
  }

  async function end(...programs: readonly ChildProcess[]): Promise<void> {
    for (const program of programs) program.kill('SIGTERM');
    for (const program of programs) expect(await program.exited, program.output()).toBe(0);
  }

  test.each(isLongRun ? PHASES : ['flush:locked', 'transaction:commit-sent'])(
    'SIGTERM at %s ends with everything given back (row 32)',
    async (failpoint) => {
      const program = await bench.runner({
        REPRISE_FAILPOINT: failpoint,
        REPRISE_FAILPOINT_ACTION: 'SIGTERM',
        REPRISE_FAILPOINT_AFTER: '3',
      });
      await bench.publish(1_000);
      expect(await program.exited, program.output()).toBe(0);
      expect(await owned()).toBe(0);
      const healthy = await bench.runner();
      await bench.publish(500);
      await bench.caughtUp();
      await end(healthy);
      await bench.expectExact();
    },
  );

  test('an event loop that is blocked for longer than the lease while it holds its task does no harm (row 33)', async () => {
    const blocked = await bench.runner({
      REPRISE_FAILPOINT: 'flush:rows-written',
      REPRISE_FAILPOINT_ACTION: '4000',
      REPRISE_FAILPOINT_AFTER: '3',
    });
    const other = await bench.runner();
    await bench.publish(1_000);
    await blocked.line('ready');
    await other.line('ready');
    await bench.publish(1_000);
    await bench.caughtUp();
    await end(blocked, other);
    await bench.expectExact();
  });

  test('clocks an hour fast and an hour slow hand over to each other and agree (row 14)', async () => {
    const fast = await bench.runner({ REPRISE_TEST_CLOCK_SKEW_MS: String(HOUR_MS) });
    const slow = await bench.runner({ REPRISE_TEST_CLOCK_SKEW_MS: String(-HOUR_MS) });
    await vi.waitFor(async () => {
      const rows = await sql(
        bench.databaseUrl,
        "select distinct owner from reprise.tasks where state = 'running'",
      );
      expect(rows).toHaveLength(2);
    }, SOON);
    await bench.publish(1_000);
    fast.kill('SIGKILL');
    await bench.publish(1_000);
    await bench.caughtUp();
    await end(slow);
    await bench.expectExact();
  });

  test(`a storm of ${STORM} starts and ends applies nothing twice (row 3)`, async () => {
    const random = randomFrom(seed);
    const programs = [await bench.runner(), await bench.runner()];
    for (let turn = 0; turn < STORM; turn += 1) {
      const victim = Math.floor(random() * programs.length);
      programs[victim]?.kill(random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
      programs[victim] = await bench.runner();
      await bench.publish(300);
    }
    await bench.caughtUp();
    for (const program of programs) await program.line('ready');
    await end(...programs);
    await bench.expectExact();
  }, 300_000);

  test('closed at any moment of its start, an application is gone soon and owns nothing (row 32)', async () => {
    const random = randomFrom(seed);
    for (let turn = 0; turn < STARTS; turn += 1) {
      const app = await bench.open();
      const starting = app.runner.start();
      await delay(random() * START_MS);
      await expect(within(10_000, app.close())).resolves.toBe('in time');
      await expect(within(10_000, starting)).resolves.toBe('in time');
      expect(await owned()).toBe(0);
    }
    const healthy = await bench.runner();
    await healthy.line('ready');
    await bench.caughtUp();
    await end(healthy);
    await bench.expectExact();
  }, 300_000);
});

async function within(ms: number, work: Promise<unknown>): Promise<string> {
  return Promise.race([work.then(() => 'in time'), delay(ms, 'too late', { ref: false })]);
}
