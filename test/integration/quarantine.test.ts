import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { exampleOn } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 30_000, interval: 20 };
const example = exampleOn('user-actions');
/** Of these users events cannot be folded at present. */
const unlucky = new Set<string>();
const histories = columns({ userId: text().primaryKey(), seen: text() });

/** Every event of a user, in the order folded: shows loss, repetition and disorder. */
class Histories extends TableProjection {
  readonly name = 'histories';
  readonly version: number = 1;
  override readonly onError = 'quarantineKey';
  define() {
    return this.table(histories)
      .key('userId')
      .on(example.event, (row, { userId, eventId }) => {
        if (unlucky.has(userId)) throw new Error('out of luck');
        return { userId, seen: `${row?.seen ?? ''}${eventId} ` };
      });
  }
}

class HistoriesAgain extends Histories {
  override readonly version = 2;
}

const database = useDatabase('test');
let app: Reprise;
/** What each user's row must say once nothing waits. */
let published: Map<string, string>;
let count: number;

async function start(projection: new () => Histories = Histories): Promise<void> {
  app = await createReprise({
    projections: [projection],
    events: [example.event],
    database: { type: 'url', url: database.url },
    topicPartitions: 2,
    logLevel: 'silent',
  });
  await app.setUp();
  await app.runner.start();
}

beforeEach(async () => {
  unlucky.clear();
  published = new Map();
  count = 0;
  await start();
});

afterEach(async () => {
  await app.close();
});

async function publish(...users: readonly string[]): Promise<void> {
  for (const userId of users) {
    count += 1;
    const event: UserActed = {
      eventId: `e${count}`,
      userId,
      action: 'VIEW',
      value: 1,
      occurredAt: new Date(Date.UTC(2026, 0, 1) + count * 1_000),
    };
    await app.publisher.publish(example.event, event);
    published.set(userId, `${published.get(userId) ?? ''}e${count} `);
  }
}

async function caughtUp(): Promise<void> {
  await vi.waitFor(async () => expect((await app.status())[0]?.lagRecords).toBe(0n), SOON);
}

const rows = async (table = 'histories') =>
  new Map(
    (
      await sql<{ user_id: string; seen: string }>(database.url, `select * from public.${table}`)
    ).map((row) => [row.user_id, row.seen]),
  );

const letters = async () =>
  (await app.deadLetters.list({ projection: 'histories' })).map(({ key, reason, quarantine }) => [
    String(key),
    reason,
    quarantine,
  ]);

describe('a key whose event cannot be folded', () => {
  test('waits with what comes after, while others go on; folded again, it is whole, and verify agrees', async () => {
    await publish('ada', 'grace');
    await caughtUp();
    unlucky.add('ada');
    await publish('ada', 'grace', 'ada', 'alan', 'ada');
    await caughtUp();
    expect(await letters()).toEqual([
      ['ada', 'HANDLER_FAILED', 'failed'],
      ['ada', 'QUARANTINED', 'waiting'],
      ['ada', 'QUARANTINED', 'waiting'],
    ]);
    expect(await rows()).toEqual(
      new Map([
        ['ada', 'e1 '],
        ['grace', published.get('grace')],
        ['alan', published.get('alan')],
      ]),
    );
    // By now they could be folded: a replay of this version passes them over all the same.
    unlucky.clear();
    expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
    unlucky.add('ada');
    expect(await app.deadLetters.redrive({ projection: 'histories' })).toMatchObject({
      redriven: 0,
      failed: [{ reason: 'HANDLER_FAILED' }],
      waiting: 2,
    });
    unlucky.clear();
    expect(await app.deadLetters.redrive({ projection: 'histories' })).toEqual({
      redriven: 3,
      failed: [],
      waiting: 0,
    });
    await publish('ada');
    await caughtUp();
    expect(await rows()).toEqual(published);
    expect(await letters()).toEqual([]);
    expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
  });

  test('waits still after a restart, and a later one may fail in its turn', async () => {
    unlucky.add('ada');
    await publish('ada', 'ada', 'ada');
    await caughtUp();
    await app.close();
    await start();
    await publish('ada');
    await caughtUp();
    expect((await letters()).map(([, , quarantine]) => quarantine)).toEqual([
      'failed',
      'waiting',
      'waiting',
      'waiting',
    ]);
    const [first] = await app.deadLetters.list({ projection: 'histories' });
    await app.deadLetters.discard({
      projection: 'histories',
      position: first as NonNullable<typeof first>,
    });
    expect(
      await app.deadLetters.redrive({ projection: 'histories', key: Buffer.from('ada') }),
    ).toMatchObject({
      failed: [{ reason: 'HANDLER_FAILED' }],
      waiting: 2,
    });
    expect((await letters()).map(([, , quarantine]) => quarantine)).toEqual([
      'failed',
      'waiting',
      'waiting',
    ]);
    unlucky.clear();
    await expect(
      app.deadLetters.redrive({
        projection: 'histories',
        position: (await app.deadLetters.list({ projection: 'histories' }))[1] as NonNullable<
          typeof first
        >,
      }),
    ).rejects.toMatchObject({ code: 'QUARANTINED' });
    expect(await app.deadLetters.redrive({ projection: 'histories' })).toMatchObject({
      redriven: 3,
    });
    expect((await rows()).get('ada')).toBe('e2 e3 e4 ');
    expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
  });

  test('is let go when what waits is thrown away', async () => {
    unlucky.add('ada');
    await publish('ada', 'ada');
    await caughtUp();
    unlucky.clear();
    expect(await app.deadLetters.discard({ projection: 'histories' })).toBe(2);
    await publish('ada');
    await vi.waitFor(async () => expect((await rows()).get('ada')).toBe('e3 '), SOON);
    expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
  });

  test('one key is listed and thrown away alone', async () => {
    unlucky.add('ada').add('grace');
    await publish('ada', 'grace', 'ada');
    await caughtUp();
    unlucky.clear();
    const ada = { projection: 'histories', key: Buffer.from('ada') };
    expect((await app.deadLetters.list(ada)).map(({ key }) => key?.toString())).toEqual([
      'ada',
      'ada',
    ]);
    expect(await app.deadLetters.list({ key: Buffer.from('ada') })).toHaveLength(2);
    expect(
      await app.deadLetters.discard({ projection: 'histories', key: Buffer.from('eve') }),
    ).toBe(0);
    expect(await app.deadLetters.discard(ada)).toBe(2);
    expect((await letters()).map(([key]) => key)).toEqual(['grace']);
    expect(await app.deadLetters.redrive({ projection: 'histories' })).toMatchObject({
      redriven: 1,
    });
    expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
  });

  test('keeps a new version from being activated', async () => {
    await publish('ada', 'grace');
    await caughtUp();
    await app.close();
    unlucky.add('ada');
    await start(HistoriesAgain);
    await app.versions.rebuild('histories');
    await expect(app.versions.activate('histories')).rejects.toMatchObject({
      code: 'ACTIVATE_REFUSED',
      message: expect.stringMatching(/1 records .* quarantine.*dlq redrive/),
    });
    unlucky.clear();
    expect(await app.deadLetters.redrive({ projection: 'histories' })).toMatchObject({
      redriven: 1,
    });
    await app.versions.activate('histories');
    expect(await rows()).toEqual(published);
  });
});

test('any course of failures, restarts and redrives ends with every event once, in order, as verify finds it', async () => {
  const users = ['ada', 'grace', 'alan'];
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...users), { minLength: 1, maxLength: 6 }) },
    { weight: 2, arbitrary: fc.constantFrom(...users).map((user) => ({ toggles: user })) },
    { weight: 2, arbitrary: fc.constantFrom('redrive' as const, 'restart' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (course) => {
      unlucky.clear();
      for (const each of course) {
        if (each === 'redrive') await app.deadLetters.redrive({ projection: 'histories' });
        else if (each === 'restart') {
          await app.close();
          await start();
        } else if (Array.isArray(each)) {
          await publish(...each);
          await caughtUp();
        } else if (!unlucky.delete(each.toggles)) unlucky.add(each.toggles);
      }
      unlucky.clear();
      await app.deadLetters.redrive({ projection: 'histories' });
      await caughtUp();
      expect(await rows()).toEqual(published);
      expect(await letters()).toEqual([]);
      expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
    }),
    { numRuns: 4 * Number(process.env['REPRISE_TEST_RUNS'] ?? 1) },
  );
});
