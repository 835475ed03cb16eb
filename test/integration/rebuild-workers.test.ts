import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
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

const SOON = { timeout: 60_000, interval: 50 };
let example: Example;
let database: TestDatabase;
let live: Reprise;
let next: Reprise;
let file: ConfigFile;

async function open(log: LogOptions): Promise<void> {
  example = exampleOn(uniqueTopic('user-actions'));
  database = await createTestDatabase();
  const options = { databaseUrl: database.url, example, ...log };
  live = await createTestApp(options);
  next = await createTestApp({ ...options, version: 2 });
  file = writeConfigFile({ ...options, version: 2 });
  await live.setUp();
}

afterEach(async () => {
  file.remove();
  await next.close();
  await live.close();
  await database.drop();
});

const workers = (count: number) => ({ configFile: file.path, count });

onEveryLog('a rebuild that worker threads share', (log) => {
  beforeEach(() => open(log));

  test('gives the bytes of the live run, and counts every record', async () => {
    await live.runner.start();
    await publishAll(live, example, exampleEvents(3_000));
    const progress: number[] = [];
    const report = await next.versions.rebuild('user_metrics', {
      workers: workers(3),
      onProgress: ({ records }) => progress.push(records),
    });
    expect(report.records).toBe(3_000);
    expect(progress.at(-1)).toBe(3_000);
    expect(file.threads()).toBe(2);
    await vi.waitFor(async () => expect((await live.status())[0]?.lagRecords).toBe(0n), SOON);
    expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
      await tableDigest(database.url, 'user_metrics__v1'),
    );
  });
});

describe('worker threads of a rebuild', () => {
  beforeEach(() => open({}));

  /** With two workers, partitions 1 and 3 are the thread's. */
  async function publishWithBroken(partition: number): Promise<void> {
    await publishAll(live, example, exampleEvents(400));
    await live.log.append([
      { topic: example.topic, partition, key: null, value: Buffer.from('?'), headers: [] },
    ]);
  }

  test('fail as one thread does: the error of the record, its code, its place', async () => {
    await publishWithBroken(1);
    const failureOf = (rebuild: Promise<unknown>) => rebuild.catch((error: unknown) => error);
    const shared = await failureOf(next.versions.rebuild('user_metrics', { workers: workers(2) }));
    const alone = await failureOf(next.versions.rebuild('user_metrics'));
    expect(shared).toMatchObject({
      name: 'RepriseError',
      code: 'NOT_CONFLUENT',
      facts: { topic: example.topic, partition: 1 },
    });
    const told = ({ code, message, facts }: Record<string, unknown>) => ({ code, message, facts });
    expect(told(shared as Record<string, unknown>)).toEqual(told(alone as Record<string, unknown>));
  });

  test('set records aside as the application says, whatever the file says', async () => {
    await publishWithBroken(3);
    await next.close();
    next = await createTestApp({
      databaseUrl: database.url,
      example,
      version: 2,
      onError: 'skip',
    });
    await next.versions.rebuild('user_metrics', { workers: workers(2) });
    expect(await next.deadLetters.list({ projection: 'user_metrics' })).toMatchObject([
      { partition: 3, reason: 'NOT_CONFLUENT', version: 2 },
    ]);
  });

  test('are refused where the file declares something else, and a wrong count before anything is made', async () => {
    await publishAll(live, example, exampleEvents(20));
    await expect(
      next.versions.rebuild('user_metrics', { workers: workers(0) }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/cannot have 0 workers/),
    });
    expect(await next.status()).toEqual([]);
    file.remove();
    file = writeConfigFile({ databaseUrl: database.url, example, version: 3 });
    await expect(
      next.versions.rebuild('user_metrics', { workers: workers(2) }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/declares user_metrics differently/),
    });
  });

  test('are done without for a short log, unless somebody asks for them', async () => {
    await publishAll(live, example, exampleEvents(20));
    await next.versions.rebuild('user_metrics', { workers: { configFile: file.path } });
    expect(file.threads()).toBe(0);
  });
});
