import { afterEach, describe, expect, test, vi } from 'vitest';
import type { UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { columns, int, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { ErrorPolicies, ErrorPolicy } from '../../src/projection/plan/error-policy.ts';
import type { Reprise } from '../../src/reprise.ts';
import { startProgram } from '../support/child-process.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 30_000, interval: 50 };
const example = exampleOn('user-actions');
const database = useDatabase('test');
let app: Reprise | undefined;

afterEach(async () => {
  await app?.close();
});

async function caughtUp(): Promise<void> {
  await vi.waitFor(async () => expect((await app?.status())?.[0]?.lagRecords).toBe(0n), SOON);
}

/** Events whose values are 1, but for those at `bad`. */
function eventsWithBad(count: number, bad: readonly number[]): UserActed[] {
  return exampleEvents(count).map((event, i) => ({ ...event, value: bad.includes(i) ? 1e9 : 1 }));
}

describe('rows that Postgres refuses', () => {
  async function refuse(): Promise<void> {
    await sql(
      database.url,
      'alter table public.user_metrics__v1 add constraint small check (highest < 1000)',
    );
  }

  test.each([[[0]], [[150]], [[299]], [[3, 4, 5, 200]]])(
    'are found at %j of a batch and set aside; their neighbours are applied once',
    async (bad) => {
      app = await createTestApp({ databaseUrl: database.url, example, onError: 'skip' });
      await app.setUp();
      await app.runner.start();
      await refuse();
      const events = eventsWithBad(300, bad);
      const positions = await publishAll(app, example, events);
      await caughtUp();
      const letters = await app.deadLetters.list({ projection: 'user_metrics' });
      expect(
        letters.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`).sort(),
      ).toEqual(
        bad
          .map((i) => positions[i])
          .map((at) => `${at?.topic} ${at?.partition} ${at?.offset}`)
          .sort(),
      );
      expect(letters[0]).toMatchObject({
        reason: 'DATABASE_FAILED',
        message: expect.stringMatching(/small/),
        attempts: 1,
      });
      const [sum] = await sql<{ n: string }>(
        database.url,
        'select sum(events) as n from public.user_metrics',
      );
      expect(Number(sum?.n)).toBe(300 - bad.length);
    },
  );

  test('halt their task without a policy, and go on by resume once the cause is gone', async () => {
    app = await createTestApp({ databaseUrl: database.url, example });
    await app.setUp();
    await app.runner.start();
    await refuse();
    await publishAll(app, example, eventsWithBad(40, [7]));
    await vi.waitFor(async () => {
      const states = (await app?.status())?.[0]?.tasks.filter(({ state }) => state === 'halted');
      expect(states).toMatchObject([
        { error: expect.stringMatching(/^DATABASE_FAILED: .*small.*reprise resume/) },
      ]);
    }, SOON);
    await sql(database.url, 'alter table public.user_metrics__v1 drop constraint small');
    await app.resume('user_metrics');
    await caughtUp();
    expect(await app.deadLetters.list()).toEqual([]);
    const [sum] = await sql<{ n: string }>(
      database.url,
      'select sum(events) as n from public.user_metrics',
    );
    expect(sum?.n).toBe('40');
  });
});

describe('events on which a function fails', () => {
  const counts = columns({ userId: text().primaryKey(), n: int() });
  let tried = 0;

  async function open(
    onError: ErrorPolicy | Partial<ErrorPolicies>,
    version = 1,
  ): Promise<Reprise> {
    class Counts extends TableProjection {
      readonly name = 'counts';
      readonly version: number = version;
      override readonly onError = onError;
      define() {
        return this.table(counts)
          .key('userId')
          .on(example.event, (row, { userId, value }) => {
            if (value === 1e9) {
              tried += 1;
              throw new Error('out of luck');
            }
            return { userId, n: (row?.n ?? 0) + 1 };
          });
      }
    }
    tried = 0;
    return createReprise({
      projections: [Counts],
      events: [example.event],
      database: { type: 'url', url: database.url },
      topicPartitions: 1,
      logLevel: 'silent',
    });
  }

  const total = async (table = 'counts') =>
    Number(
      (
        await sql<{ n: string }>(
          database.url,
          `select coalesce(sum(n), 0) as n from public.${table}`,
        )
      )[0]?.n,
    );

  test.each([
    ['skip', 1],
    ['retryAndSkip', 3],
  ] as const)('%s: are set aside after %i attempts', async (policy, attempts) => {
    app = await open(policy);
    await app.setUp();
    await app.runner.start();
    const [bad] = await publishAll(app, example, eventsWithBad(50, [0]));
    await vi.waitFor(
      async () =>
        expect(await app?.deadLetters.list({ projection: 'counts' })).toMatchObject([
          {
            offset: bad?.offset,
            reason: 'HANDLER_FAILED',
            message: expect.stringMatching(/out of luck/),
            attempts,
            quarantine: null,
          },
        ]),
      SOON,
    );
    expect(tried).toBe(attempts);
    await vi.waitFor(async () => expect(await total()).toBe(49), SOON);
  });

  test.each([
    ['fail', 1, []],
    ['retryAndFail', 3, [{ attempts: 3, quarantine: 'failed' }]],
  ] as const)('%s: halt their task after %i attempts', async (policy, attempts, letters) => {
    app = await open(policy);
    await app.setUp();
    await app.runner.start();
    await publishAll(app, example, eventsWithBad(50, [20]));
    await vi.waitFor(
      async () => expect((await app?.status())?.[0]?.tasks[0]).toMatchObject({ state: 'halted' }),
      SOON,
    );
    expect(tried).toBe(attempts);
    const failed = (await app.deadLetters.list({ projection: 'counts' })).filter(
      ({ quarantine }) => quarantine === 'failed',
    );
    expect(failed).toMatchObject(letters);
  });

  test('rebuilds have a policy of their own', async () => {
    app = await open('skip');
    await app.setUp();
    await app.runner.start();
    await publishAll(app, example, eventsWithBad(50, [20, 30]));
    await caughtUp();
    await app.close();
    app = await open({ live: 'skip', rebuild: 'retryAndFail' }, 2);
    await expect(app.versions.rebuild('counts')).rejects.toMatchObject({ code: 'HANDLER_FAILED' });
    expect(tried).toBe(5); // both, until one has had three attempts
    await app.close();
    app = await open({ rebuild: 'retryAndSkip' }, 2);
    await app.versions.rebuild('counts');
    expect(await total('counts__v2')).toBe(48);
    expect(
      (await app.deadLetters.list({ projection: 'counts' })).map(({ version, attempts }) => [
        version,
        attempts,
      ]),
    ).toEqual([
      [1, 1],
      [1, 1],
      [2, 3],
      [2, 3],
    ]);
  });
});

test('reprise dlq lists, shows and discards them', async () => {
  app = await createTestApp({ databaseUrl: database.url, example, onError: 'skip' });
  await app.setUp();
  await app.runner.start();
  await sql(
    database.url,
    'alter table public.user_metrics__v1 add constraint small check (highest < 1000)',
  );
  const [bad] = await publishAll(app, example, eventsWithBad(10, [0]));
  await caughtUp();
  const place = `user-actions[${bad?.partition}]@${bad?.offset}`;
  const dlq = async (...args: string[]) => {
    const program = startProgram('src/cli/main.ts', { REPRISE_DATABASE_URL: database.url }, [
      'dlq',
      ...args,
    ]);
    return { code: await program.exited, output: program.output() };
  };
  const [list, show, wrong, unsaid] = await Promise.all([
    dlq('list', 'user_metrics'),
    dlq('show', 'user_metrics', place),
    dlq('show', 'user_metrics', 'user-actions[0]@999'),
    dlq('discard', 'user_metrics'),
  ]);
  expect(list).toMatchObject({ code: 0, output: expect.stringContaining(place) });
  expect(show.output).toMatch(
    /reason: DATABASE_FAILED, after 1 attempts.*\n.*\ntimestamp: .*\nkey: user-\d+\nvalue: \{.*"userId":"user-.*\} \(schema \d+\)/s,
  );
  expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('UNKNOWN_DEAD_LETTER') });
  expect(unsaid.code).toBe(2);
  expect(await dlq('discard', 'user_metrics', place)).toMatchObject({
    code: 0,
    output: expect.stringContaining('Discarded: 1'),
  });
  expect(await app.deadLetters.list()).toEqual([]);
});
