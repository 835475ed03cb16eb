import { beforeEach, expect, test } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const example = exampleOn('user-actions');
const database = useDatabase('test');

beforeEach(async () => {
  const app = await open();
  await app.setUp();
  await publishAll(app, example, exampleEvents(400));
  await runUntilCaughtUp(app);
  await app.close();
});

const open = () => createTestApp({ databaseUrl: database.url, example });

async function runUntilCaughtUp(app: Reprise): Promise<void> {
  await app.runner.start();
  await expect.poll(async () => (await app.status())[0]?.lagRecords, { timeout: 20_000 }).toBe(0n);
}

/** Starts a runner and gives the state and error of partition 0's task, once it is not running. */
async function outcome(): Promise<{ state: string; error: string | null }> {
  const app = await open();
  try {
    await app.runner.start();
    const task = (await app.status())[0]?.tasks[0];
    return { state: task?.state ?? 'none', error: task?.error ?? null };
  } finally {
    await app.close();
  }
}

async function nextOffset(): Promise<string | undefined> {
  const rows = await sql<{ next_offset: string }>(
    database.url,
    'select next_offset from reprise.checkpoints where partition = 0',
  );
  return rows[0]?.next_offset;
}

test('law 6: a recreated topic halts the task with RECREATED, and its offset stays', async () => {
  const before = await nextOffset();
  await sql(database.url, "update reprise.checkpoints set topic_id = 'another'");
  expect(await outcome()).toEqual({
    state: 'halted',
    error: expect.stringMatching(/^RECREATED: /),
  });
  expect(await nextOffset()).toBe(before);
});

test('law 6: a log that lost its tail halts the task with TRUNCATED', async () => {
  await sql(database.url, 'update reprise.checkpoints set next_offset = next_offset + 1000');
  expect(await outcome()).toEqual({
    state: 'halted',
    error: expect.stringMatching(/^TRUNCATED: /),
  });
});

test('law 6: a log whose last record became another halts the task with TRUNCATED', async () => {
  await sql(database.url, 'update reprise.checkpoints set last_record_hash = last_record_hash # 1');
  expect(await outcome()).toEqual({
    state: 'halted',
    error: expect.stringMatching(/^TRUNCATED: /),
  });
});
