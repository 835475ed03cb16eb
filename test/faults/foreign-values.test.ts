import { expect, test, vi } from 'vitest';
import type { AppendRecord } from '../../src/log/event-log.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { randomFrom, seed } from '../support/fault-run.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import { createTestDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 50 };
const random = randomFrom(seed);
const randomBytes = (count: number) =>
  Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));

/**
 * Values without Confluent's header of a zero and four bytes of id, or with the one of GUIDs; and
 * why each of them cannot be read.
 */
const FOREIGN: readonly { readonly value: Buffer; readonly reason: string }[] = [
  { value: Buffer.alloc(0), reason: 'NOT_CONFLUENT' },
  { value: Buffer.of(0), reason: 'NOT_CONFLUENT' },
  { value: Buffer.of(0, 0, 0, 1), reason: 'NOT_CONFLUENT' },
  { value: Buffer.from('{"userId":"user-1"}'), reason: 'NOT_CONFLUENT' },
  { value: Buffer.concat([Buffer.of(1), randomBytes(16)]), reason: 'GUID_HEADER' },
  ...Array.from({ length: 20 }, () => ({
    value: Buffer.concat([Buffer.of(2 + Math.floor(random() * 254)), randomBytes(16)]),
    reason: 'NOT_CONFLUENT',
  })),
];

onEveryLog(`values that no serializer of Confluent wrote (row 16, seed ${seed})`, (log) => {
  async function withApp(
    onError: 'skip' | 'fail',
    work: (app: Reprise, publish: () => Promise<void>, url: string) => Promise<void>,
  ): Promise<void> {
    const database = await createTestDatabase();
    const example = exampleOn(uniqueTopic('user-actions'));
    const app = await createTestApp({ databaseUrl: database.url, example, onError, ...log });
    try {
      await app.setUp();
      await app.runner.start();
      await work(app, () => interleaved(app, example), database.url);
    } finally {
      await app.close();
      await database.drop();
    }
  }

  test('are set aside with their bytes, and their neighbours are folded once', async () => {
    await withApp('skip', async (app, publish, url) => {
      await publish();
      await vi.waitFor(async () => expect((await app.status())[0]?.lagRecords).toBe(0n), SOON);
      const letters = await app.deadLetters.list({ projection: 'user_metrics' });
      const said = letters.map(({ value, reason }) => `${value?.toString('hex')} ${reason}`);
      const wanted = FOREIGN.map(({ value, reason }) => `${value.toString('hex')} ${reason}`);
      expect(said.sort()).toEqual(wanted.sort());
      const [row] = await sql<{ n: string }>(url, 'select sum(events) as n from user_metrics');
      expect(Number(row?.n)).toBe(FOREIGN.length * 10);
    });
  });

  test('halt their tasks without a policy, which say where and what', async () => {
    await withApp('fail', async (app, publish) => {
      await publish();
      await vi.waitFor(async () => {
        const tasks = (await app.status())[0]?.tasks ?? [];
        expect(tasks.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'halted'));
        for (const { error } of tasks) expect(error).toMatch(/^(NOT_CONFLUENT|GUID_HEADER): .*@\d/);
      }, SOON);
      expect(await app.deadLetters.list({ projection: 'user_metrics' })).toEqual([]);
    });
  });
});

/** Ten events, a foreign value, ten events, … */
async function interleaved(app: Reprise, example: ReturnType<typeof exampleOn>): Promise<void> {
  for (const [f, { value }] of FOREIGN.entries()) {
    await publishAll(app, example, exampleEvents(10, seed + f));
    const record: AppendRecord = {
      topic: example.topic,
      partition: f % 4,
      key: Buffer.from('user-1'),
      value,
    };
    await app.log.append([record]);
  }
}
