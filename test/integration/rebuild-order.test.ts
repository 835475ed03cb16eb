import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { CommandLine } from '../support/command-line.ts';
import { createCommandLine } from '../support/command-line.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { testConfig } from '../support/test-config.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 50 };
const example = exampleOn('user-actions');

const database = useDatabase('test');
let commandLine: CommandLine;
let oldCode: RepriseConfig;
let newCode: RepriseConfig;
let opened: Reprise[];

beforeEach(async () => {
  commandLine = createCommandLine();
  oldCode = testConfig({ databaseUrl: database.url, example, version: 1 });
  newCode = testConfig({ databaseUrl: database.url, example, version: 2 });
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((app) => app.close()));
  commandLine.close();
});

/** An instance of some code, as `reprise run` starts it. */
async function startInstance(config: RepriseConfig): Promise<Reprise> {
  const app = await createReprise(config);
  opened.push(app);
  await app.setUp();
  await app.runner.start();
  return app;
}

/** Types a command that must succeed. */
async function type(config: RepriseConfig, ...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await commandLine.type(config, words);
  expect(exitCode, `${words.join(' ')}: ${stderr}`).toBe(0);
  return stdout;
}

/** The view counts as many events as were published. */
async function expectCounted(events: number): Promise<void> {
  await expect
    .poll(async () => {
      const [row] = await sql<{ n: string }>(
        database.url,
        'select coalesce(sum(events), 0)::int8 as n from user_metrics',
      );
      return Number(row?.n);
    }, SOON)
    .toBe(events);
}

describe('the documented order', () => {
  test('rebuild, start the new code, activate, end the old code, retire: the view never stands still', async () => {
    const old = await startInstance(oldCode);
    await publishAll(old, example, exampleEvents(500));
    await expectCounted(500);
    await type(newCode, 'rebuild', 'user_metrics');
    const next = await startInstance(newCode);
    await publishAll(old, example, exampleEvents(100, 2));
    await expectCounted(600);
    expect(await type(newCode, 'activate', 'user_metrics')).toBe(
      'user_metrics is now version 2 (before: version 1).\n',
    );
    await publishAll(next, example, exampleEvents(100, 3));
    await expectCounted(700);
    // The old code keeps its version up, for the way back.
    await expect
      .poll(async () => (await old.status()).map(({ lagRecords }) => lagRecords), SOON)
      .toEqual([0n, 0n]);
    await type(newCode, 'rollback', 'user_metrics');
    await type(newCode, 'activate', 'user_metrics');
    await old.runner.stop();
    await type(newCode, 'retire', 'user_metrics', '1');
    await publishAll(next, example, exampleEvents(100, 4));
    await expectCounted(800);
  });

  test('an instance of the new code that was started before the rebuild takes the version over when it is built', async () => {
    const old = await startInstance(oldCode);
    await publishAll(old, example, exampleEvents(200));
    const next = await startInstance(newCode);
    await type(newCode, 'rebuild', 'user_metrics');
    await type(newCode, 'activate', 'user_metrics');
    await publishAll(next, example, exampleEvents(100, 2));
    await expectCounted(300);
  });
});

describe('a switch to a version that nobody runs', () => {
  test('is refused while the other one is run, and says what to start', async () => {
    const old = await startInstance(oldCode);
    await publishAll(old, example, exampleEvents(200));
    await type(newCode, 'rebuild', 'user_metrics');
    const refused = await commandLine.type(newCode, ['activate', 'user_metrics']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('error ACTIVATE_REFUSED');
    expect(refused.stderr).toContain('none runs version 2 on partition 0, 1, 2, 3');
    expect(refused.stderr).toContain('reprise run');
    await startInstance(newCode);
    await type(newCode, 'activate', 'user_metrics');
  });

  test('is done with --force', async () => {
    await startInstance(oldCode);
    await type(newCode, 'rebuild', 'user_metrics');
    await type(newCode, 'activate', 'user_metrics', '--force');
    const refused = await commandLine.type(newCode, ['rollback', 'user_metrics']);
    expect(refused.stderr).toBe('');
  });

  test('is done where nobody runs the projection: nothing stands still that did not before', async () => {
    const old = await startInstance(oldCode);
    await old.runner.stop();
    await type(newCode, 'rebuild', 'user_metrics');
    await type(newCode, 'activate', 'user_metrics');
  });

  test('is refused for rollback as well', async () => {
    const old = await startInstance(oldCode);
    await type(newCode, 'rebuild', 'user_metrics');
    await startInstance(newCode);
    await type(newCode, 'activate', 'user_metrics');
    await old.runner.stop();
    const refused = await commandLine.type(newCode, ['rollback', 'user_metrics']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('none runs version 1');
    await type(newCode, 'rollback', 'user_metrics', '--force');
  });

  test('is refused for the partitions alone that would stand still', async () => {
    await startInstance(oldCode);
    await type(newCode, 'rebuild', 'user_metrics');
    await startInstance({ ...newCode, tasks: ['user_metrics:0-2'] });
    const refused = await commandLine.type(newCode, ['activate', 'user_metrics']);
    expect(refused.stderr).toContain('none runs version 2 on partition 3,');
  });
});
