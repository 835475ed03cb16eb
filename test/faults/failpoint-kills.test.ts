import { expect, test, vi } from 'vitest';
import type { Failpoint } from '../../src/concurrency/failpoint.ts';
import type { ChildProcess } from '../support/child-process.ts';
import { onEveryLog } from '../support/every-log.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { isLongRun, randomFrom, seed } from '../support/fault-run.ts';

/** Every step of a flush, in order. */
const FAILPOINTS: readonly Failpoint[] = [
  'flush:begun',
  'flush:locked',
  'flush:rows-written',
  'flush:outcomes-written',
  'flush:before-commit',
  'transaction:commit-sent',
  'flush:after-commit',
];

/**
 * Kills at each point: 100 in the long form on the Postgres log; Kafka is slower to start with and
 * takes part in fewer.
 */
const kills = (log: { brokers?: unknown }) => {
  if (!isLongRun) return 2;
  return log.brokers === undefined ? 100 : 10;
};

onEveryLog(`a runner that is killed at a step of its flush (seed ${seed})`, (log) => {
  // Side by side: most of a kill is waiting for processes and servers.
  test.concurrent.each(FAILPOINTS)(
    `at %s, ${kills(log)} times one after the other, goes on exactly`,
    async (failpoint) => {
      const random = randomFrom(seed + FAILPOINTS.indexOf(failpoint));
      const bench = await createFaultBench({ ...log, seed });
      try {
        for (let kill = 0; kill < kills(log); kill += 1) {
          const after = String(Math.floor(random() * 8));
          const env = { REPRISE_FAILPOINT: failpoint, REPRISE_FAILPOINT_AFTER: after };
          await feedUntilDead(bench, await bench.runner(env));
        }
        const healthy = await bench.runner();
        await healthy.line('ready');
        await resumeAccused(bench);
        await bench.caughtUp();
        healthy.kill('SIGTERM');
        expect(await healthy.exited, healthy.output()).toBe(0);
        await bench.expectExact();
      } finally {
        await bench.close();
      }
    },
    1_200_000,
  );
});

/**
 * So many deaths in a row look like a record that ends every process (row 19), and the task halts
 * before it: whoever knows better resumes it.
 */
async function resumeAccused({ app }: FaultBench): Promise<void> {
  await vi.waitFor(
    async () => {
      const [status] = await app.status();
      const halted = status?.tasks.filter(({ state }) => state === 'halted') ?? [];
      for (const { error } of halted) expect(error).toMatch(/^POISON_PILL: /);
      if (halted.length > 0) await app.resume('user_metrics');
      expect(halted).toEqual([]);
      expect(status?.lagRecords).toBe(0n);
    },
    { timeout: 120_000, interval: 50 },
  );
}

/** Feeds a runner until the failpoint has ended it. */
async function feedUntilDead(bench: FaultBench, doomed: ChildProcess): Promise<void> {
  const alive = Symbol('alive');
  let last: unknown = alive;
  while (last === alive) {
    await bench.publish(20);
    const moment = new Promise((resolve) => setTimeout(() => resolve(alive), 50));
    last = await Promise.race([doomed.exited, moment]);
  }
  expect(await doomed.exited, doomed.output()).toBeNull();
}
