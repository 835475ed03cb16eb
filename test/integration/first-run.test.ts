import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import config from '../../reprise.config.ts';
import { type ChildProcess, startProgram } from '../support/child-process.ts';
import { deleteTopics, describeKafka } from '../support/kafka.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-first-run-'));
  chmodSync(folder, 0o755); // as root the server runs as another user, who must be able to enter
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `npm start -- ...args` on an embedded Postgres of the test's own. */
function start(...args: string[]): ChildProcess {
  const env = { REPRISE_DATA_DIRECTORY: join(folder, 'postgres') };
  return startProgram('src/cli/main.ts', env, ['dev', ...args]);
}

async function resultOf(program: ChildProcess): Promise<Record<string, unknown>> {
  expect(await program.exited, program.output()).toBe(0);
  const lines = program.output().trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}

describe('the first run, with nothing but Node', () => {
  test('publishes, folds and verifies, and a second run goes on from there', async () => {
    for (const events of [3_000, 2_000]) {
      const result = await resultOf(start('--events', String(events), '--exit', '--json'));
      expect(result).toMatchObject({ events, log: 'postgres', verified: true });
      const names = config.projections.map(
        (projection) => new (projection as new () => { name: string })().name,
      );
      expect(result['projections']).toEqual(
        names.map((name) => ({ name, version: 1, rows: expect.any(Number), lagRecords: 0 })),
      );
      expect(result['seconds']).toBeGreaterThan(0);
    }
  });

  test('the live run stops cleanly on Ctrl-C, survives kill -9, and never counts twice', async () => {
    const stopped = start('--rate', '500', '--json');
    await stopped.says(/"rows":"?[1-9]/);
    stopped.kill('SIGINT');
    expect(await stopped.exited, stopped.output()).toBe(0);

    const killed = start('--rate', '500', '--json');
    await killed.says(/"rows":"?[1-9]/);
    killed.kill('SIGKILL');
    await killed.exited;

    const result = await resultOf(start('--events', '100', '--exit', '--json'));
    expect(result).toMatchObject({ verified: true });
  });
});

describeKafka('the first run on Kafka', (brokers) => {
  test('does the same, beside what the embedded log has', async () => {
    const kafka = brokers[0] ?? '';
    // Topics of an earlier run are bound to the registry of its database.
    await deleteTopics(brokers, [...new Set(config.events?.map(({ topic }) => topic))]);
    const result = await resultOf(start('--events', '3000', '--exit', '--json', '--kafka', kafka));
    expect(result).toMatchObject({ events: 3_000, log: 'kafka', verified: true });
  });
});
