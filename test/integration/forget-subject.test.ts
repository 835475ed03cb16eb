import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { REDACTED } from '../../src/event/redacted.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { createPiiApp, type Moved, movesOn } from '../support/pii-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const EVENTS = 40;
const DAY = Date.UTC(2026, 0, 1);
const TABLES = [
  'public.by_email__v1',
  'public.by_city__v1',
  'public.people__v1',
  'public.totals__v1',
  'reprise.dead_letters',
];
const mailOf = (user: string) => `${user}@example.org`;

/** Four users, in turn: 1 and 3 live in Bern. */
function moved(i: number, more: Partial<Moved> = {}): Moved {
  const user = `user-${i % 4}`;
  return {
    userId: user,
    email: mailOf(user),
    photo: i % 3 === 0 ? null : Buffer.from(`photo of ${user}`),
    city: i % 2 === 0 ? 'Ulm' : 'Bern',
    amount: BigInt(i),
    at: new Date(DAY + i * 1_000),
    ...more,
  };
}

onEveryLog('a subject that is forgotten', (log) => {
  const opened: Reprise[] = [];
  const database = useDatabase('test');
  let moves: ReturnType<typeof movesOn>;
  let app: Reprise;

  beforeEach(async () => {
    moves = movesOn(uniqueTopic('moves'));
    app = await open();
    await app.setUp();
  });

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  async function open(more: Partial<Parameters<typeof createPiiApp>[0]> = {}): Promise<Reprise> {
    const made = await createPiiApp({ databaseUrl: database.url, moves, ...log, ...more });
    opened.push(made);
    return made;
  }

  function publish(events: readonly Moved[], by = app) {
    return Promise.all(events.map((event) => by.publisher.publish(moves.event, event)));
  }

  async function caughtUp(): Promise<void> {
    await vi.waitFor(
      async () => {
        const tasks = (await app.status()).flatMap((each) => each.tasks);
        expect(tasks).toHaveLength(8);
        expect(tasks.filter(({ lagRecords }) => lagRecords !== 0n)).toEqual([]);
      },
      { timeout: 60_000, interval: 50 },
    );
  }

  /** The tables that hold a text, as text or in bytes. */
  async function mentions(words: string): Promise<string[]> {
    const found: string[] = [];
    for (const table of TABLES) {
      const [row] = await sql<{ n: number }>(
        database.url,
        `select count(*)::int as n from ${table} t where t::text like $1 or t::text like $2`,
        [`%${words}%`, `%${Buffer.from(words).toString('hex')}%`],
      );
      if (row !== undefined && row.n > 0) found.push(table);
    }
    return found;
  }

  const person = async (user: string) =>
    (
      await sql<{ email: string; photo: string }>(
        database.url,
        'select email, photo from people where user_id = $1',
        [user],
      )
    )[0];

  test('is found in rows and dead letters, which are replaced; live and replay agree, and nothing is left', async () => {
    await publish(Array.from({ length: EVENTS }, (_, i) => moved(i)));
    await publish([moved(1, { amount: -1n })]);
    await app.runner.start();
    await caughtUp();
    expect(await person('user-1')).toEqual({ email: mailOf('user-1'), photo: 'photo of user-1' });
    const holding = ['public.by_email__v1', 'public.people__v1', 'reprise.dead_letters'];
    expect(await mentions(mailOf('user-1'))).toEqual(expect.arrayContaining(holding));

    const report = await app.erasure.forget('user-1', { by: 'the test' });
    expect(report).toMatchObject({
      destroyed: true,
      keys: [{ forgottenBy: 'the test', forgottenAt: expect.any(Date) }],
      deadLetters: [{ projection: 'people', reason: 'HANDLER_FAILED', isPlain: false }],
    });
    expect(report.projections.map(({ name, column, rows }) => ({ name, column, rows }))).toEqual([
      { name: 'by_email', column: 'user_id', rows: 1n },
      { name: 'by_city', column: null, rows: null },
      { name: 'people', column: 'user_id', rows: 1n },
    ]);
    const again = await app.erasure.forget('user-1', { by: 'somebody else' });
    expect(again).toMatchObject({ destroyed: false, keys: report.keys });

    for (const { name } of report.projections) {
      // The others move on meanwhile, on both sides of the exchange.
      const others = [EVENTS, EVENTS + 2, EVENTS + 3].map((i) => moved(i));
      const [repaired] = await Promise.all([app.versions.repair(name), publish(others)]);
      expect(repaired.rowsReplaced).toBeGreaterThan(0);
    }
    await caughtUp();
    expect(await mentions('user-1@')).toEqual([]);
    expect(await mentions('photo of user-1')).toEqual([]);
    expect(await person('user-1')).toEqual({ email: REDACTED, photo: REDACTED });
    expect(await person('user-3')).toMatchObject({ email: mailOf('user-3') });
    const keys = await sql(
      database.url,
      `select email, n::int from by_email where user_id = 'user-1'`,
    );
    expect(keys).toEqual([{ email: REDACTED, n: 11 }]);
    const cities = await sql(database.url, 'select city, people::int from by_city order by city');
    expect(cities).toEqual([
      { city: 'Bern', people: 2 },
      { city: 'Ulm', people: 2 },
    ]);
    for (const { name } of app.plans) {
      expect(await app.versions.verify(name), name).toMatchObject({ differentRows: 0 });
    }
    const { failed } = await app.deadLetters.redrive({ projection: 'people' });
    expect(failed).toMatchObject([
      { reason: 'HANDLER_FAILED', message: expect.stringContaining(REDACTED) },
    ]);
  });

  test('gets another key when it comes back; what was written before stays redacted', async () => {
    await publish([moved(0), moved(1)]);
    expect((await app.erasure.forget('user-1', { by: 'the test' })).destroyed).toBe(true);
    await publish([moved(5, { email: 'new@example.org' })]);
    await app.runner.start();
    await caughtUp();
    const emails = await sql<{ email: string }>(
      database.url,
      `select email from by_email where user_id = 'user-1' order by email`,
    );
    expect(emails.map(({ email }) => email)).toEqual([REDACTED, 'new@example.org']);
    expect((await app.erasure.inspect('user-1')).keys).toHaveLength(2);
  });

  test('stays forgotten where a process writes with the key that it has in memory', async () => {
    const writer = await open();
    await publish([moved(1)], writer);
    await app.erasure.forget('user-1', { by: 'the test' });
    await publish([moved(5), moved(2)], writer);
    await app.runner.start();
    await caughtUp();
    expect(await mentions('user-1@')).toEqual([]);
    expect(await person('user-1')).toMatchObject({ email: REDACTED });
    expect(await person('user-2')).toMatchObject({ email: mailOf('user-2') });
  });

  test('is not committed by a flush whose key was destroyed after it was read', async () => {
    await publish([moved(1), moved(2)]);
    let forgets = 0;
    const racing = await open({
      around: (provider) => ({
        wrap: (key) => provider.wrap(key),
        async unwrap(wrapped, name) {
          const key = await provider.unwrap(wrapped, name);
          const { destroyed } = await app.erasure.forget('user-1', { by: 'a race' });
          if (destroyed) forgets += 1;
          return key;
        },
      }),
    });
    await racing.runner.start();
    await caughtUp();
    expect(forgets).toBe(1);
    expect(await mentions('user-1@')).toEqual([]);
    expect(await person('user-1')).toMatchObject({ email: REDACTED });
    expect(await person('user-2')).toMatchObject({ email: mailOf('user-2') });
  });

  test('is not what a lost key looks like: those records are dead letters until the key is back', async () => {
    await publish([moved(1), moved(2)]);
    const lost = await sql<object>(
      database.url,
      `delete from reprise.data_keys where subject = 'user-1' returning key_id, subject, wrapped, wrapping_key`,
    );
    await app.runner.start();
    await caughtUp();
    const letters = await app.deadLetters.list({ projection: 'people' });
    expect(letters.map(({ reason }) => reason)).toEqual(['UNKNOWN_DATA_KEY']);
    await sql(
      database.url,
      `insert into reprise.data_keys (key_id, subject, wrapped, wrapping_key) values ($1, $2, $3, $4)`,
      Object.values(lost[0] ?? {}),
    );
    expect(await app.deadLetters.redrive({ projection: 'people' })).toMatchObject({
      redriven: 1,
      failed: [],
    });
    expect(await person('user-1')).toMatchObject({ email: mailOf('user-1') });
  });
});
