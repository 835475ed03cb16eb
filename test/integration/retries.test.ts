import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { ErrorPolicies, ErrorPolicy } from '../../src/projection/plan/error-policy.ts';
import type { Reprise } from '../../src/reprise.ts';
import { exampleOn } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 120_000, interval: 50 };
const example = exampleOn('user-actions');
/** Of these users events cannot be folded at present. */
const unlucky = new Set<string>();
/** How often each event was tried. */
const tried = new Map<string, number>();
const histories = columns({ userId: text().primaryKey(), seen: text() });

const database = useDatabase('test');
let app: Reprise;

function classOf(onError: ErrorPolicy | Partial<ErrorPolicies>, version: number) {
  /** Every event of a user, in the order folded: shows loss, repetition and disorder. */
  return class Histories extends TableProjection {
    readonly name = 'histories';
    readonly version = version;
    override readonly onError = onError;
    define() {
      return this.table(histories)
        .key('userId')
        .on(example.event, (row, { userId, eventId }) => {
          tried.set(eventId, (tried.get(eventId) ?? 0) + 1);
          if (unlucky.has(userId)) throw new Error('out of luck');
          return { userId, seen: `${row?.seen ?? ''}${eventId} ` };
        });
    }
  };
}

async function start(onError: ErrorPolicy | Partial<ErrorPolicies>, version = 1): Promise<void> {
  app = await createReprise({
    projections: [classOf(onError, version)],
    events: [example.event],
    database: { type: 'url', url: database.url },
    topicPartitions: 1,
    logLevel: 'silent',
  });
  await app.setUp();
}

beforeEach(async () => {
  unlucky.clear();
  tried.clear();
});

afterEach(async () => {
  await app.close();
});

function eventsOf(users: readonly string[]): UserActed[] {
  return users.map((userId, i) => ({
    ...{ eventId: `e${i}`, userId, action: 'VIEW' as const, value: 1 },
    occurredAt: new Date(Date.UTC(2026, 0, 1) + i * 10),
  }));
}

/** What each user's row must say, and those of some users only. */
function oracle(events: readonly UserActed[], wanted: (user: string) => boolean = () => true) {
  const rows = new Map<string, string>();
  for (const { userId, eventId } of events) {
    if (wanted(userId)) rows.set(userId, `${rows.get(userId) ?? ''}${eventId} `);
  }
  return rows;
}

async function rows(table = 'histories'): Promise<ReadonlyMap<string, string>> {
  const found = await sql<{ user_id: string; seen: string }>(
    database.url,
    `select user_id, seen from public.${table}`,
  );
  return new Map(found.map((row) => [row.user_id, row.seen]));
}

const stateOf = async () => (await app.status())[0]?.tasks[0];

describe('40 keys that fail among 10,000 records', () => {
  /** Attempts enough, so that only luck ends them. */
  const RETRIES = { attempts: 1_000, initialMs: 200, factor: 1 } as const;

  test.each([
    [{ policy: 'retryAndSkip', ...RETRIES }],
    [{ policy: 'retryAndFail', ...RETRIES }],
    ['quarantineKey'],
  ] as const)('%j: cost other keys nothing, and are folded in order in the end', async (policy) => {
    await start(policy);
    await app.runner.start();
    const failing = (user: string) => Number(user.slice(1)) % 10 === 0;
    const events = eventsOf(Array.from({ length: 10_000 }, (_, i) => `u${(i * 7) % 400}`));
    const users = [...new Set(events.map(({ userId }) => userId))];
    for (const user of users.filter(failing)) unlucky.add(user);
    expect(unlucky.size).toBe(40);
    await Promise.all(events.map((event) => app.publisher.publish(example.event, event)));
    await vi.waitFor(
      async () => expect(await rows()).toEqual(oracle(events, (user) => !failing(user))),
      SOON,
    );
    expect(await stateOf()).toMatchObject({ state: 'running' });
    const held = await app.deadLetters.list({ projection: 'histories' });
    expect(held.filter(({ quarantine }) => quarantine === 'failed')).toHaveLength(40);
    expect(held).toHaveLength(1_000);
    unlucky.clear();
    if (policy === 'quarantineKey') await app.deadLetters.redrive({ projection: 'histories' });
    await vi.waitFor(
      async () => expect(await app.deadLetters.list({ projection: 'histories' })).toEqual([]),
      SOON,
    );
    expect(await rows()).toEqual(oracle(events));
    expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
    await app.close();
    await start(policy, 2);
    await app.versions.rebuild('histories');
    expect(await rows('histories__v2')).toEqual(oracle(events));
  });
});

test('a record is given up after its attempts, and what waited behind it is folded', async () => {
  await start({ policy: 'retryAndSkip', attempts: 5, initialMs: 1, factor: 2 });
  await app.runner.start();
  unlucky.add('ada');
  const events = eventsOf(['ada', 'grace']);
  for (const event of events) await app.publisher.publish(example.event, event);
  await vi.waitFor(async () => {
    const [letter] = await app.deadLetters.list({ projection: 'histories' });
    expect(letter).toMatchObject({ attempts: 5, quarantine: null, reason: 'HANDLER_FAILED' });
  }, SOON);
  expect(tried.get('e0')).toBe(5);
  unlucky.clear();
  await app.publisher.publish(example.event, { ...(events[0] as UserActed), eventId: 'e2' });
  await vi.waitFor(async () => expect((await rows()).get('ada')).toBe('e2 '), SOON);
  expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
});

test('a task halts after the attempts of retryAndFail; resume tries again, other keys have gone on', async () => {
  await start({ policy: 'retryAndFail', attempts: 2, initialMs: 10 });
  await app.runner.start();
  unlucky.add('ada');
  const events = eventsOf(['grace', 'ada', 'grace', 'ada', 'alan']);
  for (const event of events) await app.publisher.publish(example.event, event);
  const halted = async () =>
    expect(await stateOf()).toMatchObject({
      state: 'halted',
      error: expect.stringMatching(
        /^HANDLER_FAILED: .*out of luck.*halts after \d attempts.*resume/,
      ),
    });
  await vi.waitFor(halted, SOON);
  expect(tried.get('e1')).toBe(2);
  await app.resume('histories');
  await vi.waitFor(() => expect(tried.get('e1')).toBe(4), SOON);
  await vi.waitFor(halted, SOON);
  unlucky.clear();
  await app.resume('histories');
  await vi.waitFor(async () => expect(await rows()).toEqual(oracle(events)), SOON);
  expect(await app.deadLetters.list({ projection: 'histories' })).toEqual([]);
  expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
});

test('another process goes on with what one was trying', async () => {
  await start({ policy: 'retryAndSkip', attempts: 1_000, initialMs: 20, factor: 1 });
  await app.runner.start();
  unlucky.add('ada');
  const events = eventsOf(['ada', 'grace', 'ada']);
  for (const event of events) await app.publisher.publish(example.event, event);
  await vi.waitFor(() => expect(tried.get('e0') ?? 0).toBeGreaterThan(2), SOON);
  await app.close();
  await start({ policy: 'retryAndSkip', attempts: 1_000, initialMs: 20, factor: 1 });
  await app.runner.start();
  unlucky.clear();
  await vi.waitFor(async () => expect(await rows()).toEqual(oracle(events)), SOON);
  expect(await app.versions.verify('histories')).toMatchObject({ differentRows: 0 });
});

test('waitFor waits for a record that is tried again, and says so once it is given up', async () => {
  await start({ policy: 'retryAndSkip', attempts: 50, initialMs: 20, factor: 1 });
  await app.runner.start();
  unlucky.add('ada');
  const [event] = eventsOf(['ada']) as [UserActed];
  const position = await app.publisher.publish(example.event, event);
  await vi.waitFor(() => expect(tried.get('e0') ?? 0).toBeGreaterThan(2), SOON);
  const waiting = app.readModels.waitFor('histories', position, { timeoutMs: 60_000 });
  unlucky.clear();
  await waiting;
  expect(await rows()).toEqual(oracle([event]));
  unlucky.add('ada');
  const second = await app.publisher.publish(example.event, { ...event, eventId: 'e1' });
  await expect(
    app.readModels.waitFor('histories', second, { timeoutMs: 60_000 }),
  ).rejects.toMatchObject({ code: 'SET_ASIDE' });
});
