import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChildProcess } from '../support/child-process.ts';
import { onLogsOfRun } from '../support/every-log.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { isCommit, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 50 };

onLogsOfRun('a zombie that was stopped for longer than its lease', (log) => {
  const database = useDatabase('test');
  let proxy: TcpProxy;
  let bench: FaultBench;

  beforeEach(async () => {
    const runnerUrl = new URL(database.url);
    proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(runnerUrl.port) });
    runnerUrl.hostname = '127.0.0.1';
    runnerUrl.port = String(proxy.port);
    bench = await createFaultBench({
      ...log,
      databaseUrl: database.url,
      runnerUrl: runnerUrl.href,
    });
  });

  afterEach(async () => {
    proxy.resume();
    await bench.close();
    await proxy.close();
  });

  const digest = () => tableDigest(database.url, 'user_metrics__v1');

  async function owners(): Promise<number> {
    const rows = await sql(
      database.url,
      `select distinct t.owner from reprise.tasks t join reprise.instances i on i.instance = t.owner
       where t.state = 'running' and i.lease_until > clock_timestamp()`,
    );
    return rows.length;
  }

  /** A process that stands in SIGSTOP: its state in the process table is T. */
  async function isStopped({ pid }: ChildProcess): Promise<boolean> {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  }

  /**
   * Another instance takes everything over and goes on; then the zombie wakes up, finds that out,
   * and takes part again.
   */
  async function takeOverAndWake(zombie: ChildProcess): Promise<void> {
    await vi.waitFor(async () => expect(await isStopped(zombie)).toBe(true), SOON);
    const successor = await bench.runner({ REPRISE_TEST_URL: database.url });
    await bench.publish(1_000);
    await successor.line('ready');
    await bench.caughtUp();
    const before = await digest();
    proxy.resume();
    zombie.kill('SIGCONT');
    await vi.waitFor(async () => expect(await owners()).toBe(2), SOON);
    expect(await digest()).toBe(before);
    await bench.publish(1_000);
    await bench.caughtUp();
    for (const each of [zombie, successor]) each.kill('SIGTERM');
    expect(await Promise.all([zombie.exited, successor.exited])).toEqual([0, 0]);
    await bench.expectExact();
  }

  test.each(['flush:before-commit', 'transaction:commit-sent'])(
    'at %s changes nothing when it wakes up',
    async (failpoint) => {
      await bench.publish(1_000);
      const zombie = await bench.runner({
        REPRISE_FAILPOINT: failpoint,
        REPRISE_FAILPOINT_ACTION: 'SIGSTOP',
        REPRISE_FAILPOINT_AFTER: '5',
      });
      await bench.publish(1_000);
      await takeOverAndWake(zombie);
    },
  );

  test('with its COMMIT on the way changes nothing when both arrive', async () => {
    await bench.publish(1_000);
    const zombie = await bench.runner();
    await zombie.line('ready');
    let commits = 0;
    proxy.judge = (chunk) => {
      if (!isCommit(chunk)) return 'forward';
      commits += 1;
      if (commits !== 3) return 'forward';
      zombie.kill('SIGSTOP');
      return 'hold';
    };
    await bench.publish(1_000);
    await takeOverAndWake(zombie);
  });
});
