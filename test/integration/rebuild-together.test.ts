import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import type { RebuildProgress } from '../../src/runner/rebuild/rebuild-report.ts';
import { startProgram } from '../support/child-process.ts';
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
import { tableDigest } from '../support/read-model.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const MORE = { hourly: '1 hour', quarterly: '15 minutes', halves: '30 seconds' };
const NAMES = ['user_metrics', ...Object.keys(MORE)];

let example: Example;
let database: TestDatabase;
let alone: Reprise;
let together: Reprise;
let file: ConfigFile;

/** Version 1 is rebuilt one by one, version 2 together. */
async function open(log: LogOptions): Promise<void> {
  example = exampleOn(uniqueTopic('user-actions'));
  database = await createTestDatabase();
  const options = { databaseUrl: database.url, example, more: MORE, ...log };
  alone = await createTestApp(options);
  together = await createTestApp({ ...options, version: 2 });
  file = writeConfigFile({ ...options, version: 2 });
  await alone.setUp();
}

afterEach(async () => {
  file.remove();
  await together.close();
  await alone.close();
  await database.drop();
});

async function expectSameTables(): Promise<void> {
  for (const name of NAMES) {
    const [one, other] = [`${name}__v1`, `${name}__v2`];
    expect(`${name} ${await tableDigest(database.url, other)}`).toBe(
      `${name} ${await tableDigest(database.url, one)}`,
    );
  }
}

onEveryLog('projections rebuilt together', (log) => {
  beforeEach(() => open(log));

  test('have the bytes of those rebuilt one by one, in one thread and in several, and each counts every record', async () => {
    await publishAll(alone, example, exampleEvents(3_000));
    for (const name of NAMES) await alone.versions.rebuild(name);
    const shown = new Map<string, RebuildProgress>();
    const reports = await together.versions.rebuild([...NAMES, 'hourly'], {
      onProgress: (progress) => shown.set(progress.name, progress),
    });
    expect(reports.map(({ name, records }) => [name, records])).toEqual(
      NAMES.map((name) => [name, 3_000]),
    );
    for (const name of NAMES) {
      expect(shown.get(name)).toMatchObject({ phase: 'done', records: 3_000, totalRecords: 3_000 });
    }
    await expectSameTables();
    for (const name of NAMES) await together.versions.retire(name, 2);

    const workers = { configFile: file.path, count: 3 };
    const shared = await together.versions.rebuild(NAMES, { workers });
    expect(shared.map(({ records }) => records)).toEqual(NAMES.map(() => 3_000));
    expect(file.threads()).toBe(2);
    await expectSameTables();
  });
});

describe('a rebuild of several', () => {
  beforeEach(() => open({}));

  test('ends with the first failure, keeps what was replayed, and goes on once the cause is gone', async () => {
    await publishAll(alone, example, exampleEvents(600));
    await alone.log.append([
      { topic: example.topic, partition: 2, key: null, value: Buffer.from('?'), headers: [] },
    ]);
    const refused = { code: 'NOT_CONFLUENT', facts: { topic: example.topic, partition: 2 } };
    // This one is ahead of the others then: what it has replayed, it does not read again.
    await expect(together.versions.rebuild('hourly')).rejects.toMatchObject(refused);
    await expect(together.versions.rebuild(NAMES)).rejects.toMatchObject(refused);
    const states = await together.status();
    expect(
      new Set(states.map(({ name, version, state }) => `${name} ${version} ${state}`)),
    ).toEqual(new Set(NAMES.map((name) => `${name} 2 building`)));
    await together.close();
    const options = { databaseUrl: database.url, example, more: MORE, onError: 'skip' as const };
    await alone.close();
    alone = await createTestApp(options);
    together = await createTestApp({ ...options, version: 2 });
    for (const name of NAMES) await alone.versions.rebuild(name);
    const reports = await together.versions.rebuild(NAMES);
    for (const { records } of reports) expect(records).toBeLessThan(601);
    await expectSameTables();
    expect(await together.deadLetters.list({ projection: 'hourly' })).toHaveLength(2);
  });

  test('by the command: --all builds what is not built yet, with a line for each', async () => {
    await publishAll(alone, example, exampleEvents(300));
    await together.versions.rebuild('hourly');
    const command = ['--config', file.path, 'rebuild', '--all'];
    const program = startProgram('src/cli/main.ts', {}, command);
    expect(`${await program.exited} ${program.output()}`).toMatch(/^0 /);
    const built = program.output().match(/^Rebuilt .* version 2: 300 records/gm) ?? [];
    expect(new Set(built.map((line) => line.split(' ')[1]))).toEqual(
      new Set(NAMES.filter((name) => name !== 'hourly')),
    );
    expect(await together.versions.rebuild([])).toEqual([]);
    for (const name of NAMES) await alone.versions.rebuild(name);
    await expectSameTables();
  });
});
