import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { type ChildProcess, startProgram } from '../support/child-process.ts';
import { type ConfigFile, writeConfigFile } from '../support/config-file.ts';
import { type LogOptions, onEveryLog } from '../support/every-log.ts';
import {
  createTestApp,
  type Example,
  exampleEvents,
  exampleOn,
  publishAll,
} from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 50 };
const EVENTS = 2_000;
let example: Example;
let database: TestDatabase;
let log: LogOptions;
let live: Reprise;
const files: ConfigFile[] = [];

async function open(on: LogOptions): Promise<void> {
  log = on;
  example = exampleOn(uniqueTopic('user-actions'));
  database = await createTestDatabase();
  live = await createTestApp({ databaseUrl: database.url, example, ...log });
  await live.setUp();
  await live.runner.start();
  await publishAll(live, example, exampleEvents(EVENTS));
}

afterEach(async () => {
  for (const file of files.splice(0)) file.remove();
  await live.close();
  await database.drop();
});

/**
 * `reprise rebuild --workers 2`; `inThreads` is run by its worker thread alone, and what fails is
 * told by `env`, as failpoint.ts says.
 */
function rebuilding(env: Record<string, string> = {}, inThreads = ''): ChildProcess {
  const options = { databaseUrl: database.url, example, version: 2, ...log };
  const file = writeConfigFile({ ...options, inThreads });
  files.push(file);
  const args = ['rebuild', 'user_metrics', '--workers', '2', '--config', file.path, '--json'];
  return startProgram('src/cli/main.ts', env, args);
}

/** Records that the new version has committed so far. */
async function committed(): Promise<number> {
  const [row] = await sql<{ records: number }>(
    database.url,
    'select coalesce(sum(next_offset), 0)::int as records from reprise.checkpoints where version = 2',
  );
  return row?.records ?? 0;
}

/** Another one goes on, replays only the rest, and gives what the live run has. */
async function expectGoesOn(): Promise<void> {
  const done = await committed();
  const again = rebuilding();
  expect(await again.exited, again.output()).toBe(0);
  expect(again.output()).toMatch(new RegExp(`"event":"rebuilt".*"records":${EVENTS - done},`));
  await vi.waitFor(async () => expect((await live.status())[0]?.lagRecords).toBe(0n), SOON);
  expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
    await tableDigest(database.url, 'user_metrics__v1'),
  );
}

onEveryLog('a rebuild with a worker thread', (on) => {
  beforeEach(() => open(on));

  test('killed after some partitions were committed, goes on with the others', async () => {
    // Each thread counts for itself: the first that has committed two of its flushes takes the
    // process with it.
    const doomed = rebuilding({
      REPRISE_FAILPOINT: 'flush:after-commit',
      REPRISE_FAILPOINT_AFTER: '1',
    });
    expect(await doomed.exited, doomed.output()).toBeNull();
    const done = await committed();
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(EVENTS);
    await expectGoesOn();
  }, 300_000);
});

describe('a worker thread of a rebuild', () => {
  beforeEach(() => open({}));

  test.each([
    [
      'ends by itself',
      'process.exit(7)',
      /ended unexpectedly: exit code 7\. Something in the configuration/,
    ],
    [
      'runs out of memory',
      'for (const held = []; ; ) held.push(Array.from({ length: 1e5 }, () => ({})))',
      /ended unexpectedly: .*memory.*larger heap \(NODE_OPTIONS/,
    ],
  ])(
    'that %s is WORKER_FAILED, with what to do, and the same command goes on',
    async (_, statement, message) => {
      // The failpoint sends a signal that nobody minds; in the thread something worse stands in for
      // it.
      const ending = rebuilding(
        {
          REPRISE_FAILPOINT: 'flush:before-commit',
          REPRISE_FAILPOINT_ACTION: 'SIGWINCH',
          NODE_OPTIONS: '--max-old-space-size=200',
        },
        `process.kill = () => { ${statement}; };`,
      );
      expect(await ending.exited, ending.output()).toBe(1);
      expect(ending.output()).toMatch(/^error WORKER_FAILED: /m);
      expect(ending.output()).toMatch(message);
      expect(ending.output()).toContain('the same command resumes');
      await expectGoesOn();
    },
    300_000,
  );

  test('stops on SIGINT, and the same command goes on', async () => {
    const stopped = rebuilding({
      REPRISE_FAILPOINT: 'flush:before-commit',
      REPRISE_FAILPOINT_ACTION: 'SIGINT',
    });
    expect(await stopped.exited, stopped.output()).toBe(130);
    await expectGoesOn();
  }, 300_000);
});
