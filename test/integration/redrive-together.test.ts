import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import type {
  DeadLetterStatus,
  RedriveReport,
} from '../../src/runner/dead-letters/dead-letter-status.ts';
import { exampleOn } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 20 };
const example = exampleOn('user-actions');
/** Of these users events cannot be folded at present. */
const unlucky = new Set<string>();
const histories = columns({ userId: text().primaryKey(), seen: text() });

/** Every event of a user, in the order folded: shows loss, repetition and disorder. */
abstract class Histories extends TableProjection {
  readonly version: number = 1;
  define() {
    return this.table(histories)
      .key('userId')
      .on(example.event, (row, { userId, eventId }) => {
        if (unlucky.has(userId)) throw new Error('out of luck');
        return { userId, seen: `${row?.seen ?? ''}${eventId} ` };
      });
  }
}

class Skipping extends Histories {
  readonly name = 'skipping';
  override readonly onError = 'skip';
}

class Holding extends Histories {
  readonly name = 'holding';
  override readonly onError = 'quarantineKey';
}

const database = useDatabase('test');
let apps: Reprise[];
let count: number;

/** An application: a process of its own as far as ownership goes. */
async function open(): Promise<Reprise> {
  const app = await createReprise({
    projections: [Skipping, Holding],
    events: [example.event],
    database: { type: 'url', url: database.url },
    topicPartitions: 1,
    logLevel: 'silent',
  });
  apps.push(app);
  return app;
}

beforeEach(async () => {
  unlucky.clear();
  apps = [];
  count = 0;
});

afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
});

async function publish(app: Reprise, users: readonly string[]): Promise<void> {
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
  }
}

async function caughtUp(app: Reprise): Promise<void> {
  await vi.waitFor(async () => {
    const lags = (await app.status()).map(({ lagRecords }) => lagRecords);
    expect(lags).toEqual([0n, 0n]);
  }, SOON);
}

async function seenBy(projection: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await sql<{ user_id: string; seen: string }>(
    database.url,
    `select * from public.${projection}`,
  );
  return new Map(rows.map((row) => [row.user_id, row.seen.trim().split(' ')]));
}

const sum = (reports: readonly RedriveReport[]) =>
  reports.reduce((total, { redriven }) => total + redriven, 0);

test.each(['skipping', 'holding'])(
  'two redrives of %s at once fold every letter once',
  async (name) => {
    const [live, other] = [await open(), await open()];
    await live.setUp();
    await live.runner.start();
    unlucky.add('ada');
    await publish(live, Array(20).fill('ada'));
    await caughtUp(live);
    unlucky.clear();
    const reports = await Promise.all([
      live.deadLetters.redrive({ projection: name }),
      other.deadLetters.redrive({ projection: name }),
    ]);
    expect(sum(reports)).toBe(20);
    for (const { redriven, gone, failed } of reports) {
      expect(redriven + (gone ?? 0)).toBeLessThanOrEqual(20);
      expect(failed).toEqual([]);
    }
    await publish(live, ['ada']);
    await caughtUp(live);
    expect((await seenBy(name)).get('ada')).toEqual(
      Array.from({ length: 21 }, (_, i) => `e${i + 1}`),
    );
    expect(await live.versions.verify(name)).toMatchObject({ differentRows: 0 });
    expect(await live.versions.repair(name)).toMatchObject({ rowsReplaced: 0 });
  },
);

test('a discard beside a redrive takes the letter, or the redrive does; never both', async () => {
  const [live, other] = [await open(), await open()];
  await live.setUp();
  await live.runner.start();
  unlucky.add('ada');
  await publish(live, Array(30).fill('ada'));
  await caughtUp(live);
  unlucky.clear();
  const letters = await live.deadLetters.list({ projection: 'skipping' });
  const discardLast = async () => {
    let discarded = 0;
    for (const letter of [...letters].reverse()) {
      const isGone = await other.deadLetters
        .discard({ projection: 'skipping', position: letter })
        .then(
          () => false,
          (error: { code?: string }) => error.code === 'UNKNOWN_DEAD_LETTER',
        );
      if (isGone) break;
      discarded += 1;
    }
    return discarded;
  };
  const [report, discarded] = await Promise.all([
    live.deadLetters.redrive({ projection: 'skipping' }),
    discardLast(),
  ]);
  expect(report.redriven + discarded).toBe(30);
  // Letters that were discarded before the redrive began are none that it missed.
  expect(report.gone ?? 0).toBeLessThanOrEqual(discarded);
  const seen = (await seenBy('skipping')).get('ada') ?? [];
  expect(seen).toEqual(Array.from({ length: report.redriven }, (_, i) => `e${i + 1}`));
  expect(await live.versions.verify('skipping')).toMatchObject({ differentRows: 0 });
});

test('a key that is held is folded to its end, with what instances set aside behind it meanwhile', async () => {
  const live = await open();
  await live.setUp();
  await live.runner.start();
  unlucky.add('ada');
  await publish(live, Array(60).fill('ada'));
  await caughtUp(live);
  unlucky.clear();
  const [report] = await Promise.all([
    live.deadLetters.redrive({ projection: 'holding' }),
    publish(live, Array(40).fill('ada')),
  ]);
  expect(report).toMatchObject({ failed: [], waiting: 0 });
  await caughtUp(live);
  expect(await live.deadLetters.list({ projection: 'holding' })).toEqual([]);
  expect((await seenBy('holding')).get('ada')).toEqual(
    Array.from({ length: 100 }, (_, i) => `e${i + 1}`),
  );
  expect(await live.versions.verify('holding')).toMatchObject({ differentRows: 0 });
});

test('letters of a key are folded in the order of the log, whatever the timestamps of their records', async () => {
  const live = await open();
  await live.setUp();
  await live.runner.start();
  unlucky.add('ada');
  await publish(live, ['ada', 'ada', 'ada']);
  await vi.waitFor(
    async () => expect(await live.deadLetters.list({ projection: 'holding' })).toHaveLength(3),
    SOON,
  );
  unlucky.clear();
  await sql(
    database.url,
    `update reprise.dead_letters set record_timestamp = record_timestamp - "offset" * interval '10 minutes'`,
  );
  await live.deadLetters.redrive({ projection: 'holding' });
  expect((await seenBy('holding')).get('ada')).toEqual(['e1', 'e2', 'e3']);
});

test('a journal that names a redrive twice can be verified, and the rows mended in place', async () => {
  const live = await open();
  await live.setUp();
  await live.runner.start();
  unlucky.add('ada');
  await publish(live, ['ada', 'grace']);
  await caughtUp(live);
  unlucky.clear();
  await live.deadLetters.redrive({ projection: 'skipping' });
  // What two redrives at once left behind before each letter was claimed.
  await sql(
    database.url,
    `insert into reprise.journal (projection, version, partition, kind, next_offsets, quiet_ms, record, turn)
     select projection, version, partition, kind, next_offsets, quiet_ms, record, turn + 1 from reprise.journal where kind = 'redrive'`,
  );
  await sql(
    database.url,
    `update public.skipping__v1 set seen = seen || seen where user_id = 'ada'`,
  );
  expect(await live.versions.verify('skipping')).toMatchObject({ differentRows: 1 });
  expect(await live.versions.repair('skipping')).toMatchObject({ rowsReplaced: 1 });
  expect(await live.versions.verify('skipping')).toMatchObject({ differentRows: 0 });
  expect((await seenBy('skipping')).get('ada')).toEqual(['e1']);
});

test('of any redrives and discards at once, beside a live instance, each letter is one’s, in order', async () => {
  const users = ['ada', 'grace', 'alan'];
  const act = fc.constantFrom('redrive', 'redrive key', 'discard', 'publish');
  const live = await open();
  await live.setUp();
  const others = [await open(), await open()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...users), { minLength: 3, maxLength: 20 }),
      fc.array(fc.tuple(act, fc.nat(1), fc.constantFrom(...users)), { minLength: 2, maxLength: 6 }),
      async (failing, acts) => {
        await live.runner.start();
        for (const user of users) unlucky.add(user);
        await publish(live, failing);
        await caughtUp(live);
        unlucky.clear();
        const discarded = new Map<string, Set<bigint>>([
          ['skipping', new Set()],
          ['holding', new Set()],
        ]);
        const run = async ([what, by, user]: (typeof acts)[number]) => {
          const app = others[by] as Reprise;
          for (const name of ['skipping', 'holding']) {
            if (what === 'redrive') await app.deadLetters.redrive({ projection: name });
            else if (what === 'redrive key')
              await app.deadLetters.redrive({ projection: name, key: Buffer.from(user) });
            else if (what === 'discard') await discardOne(app, name, discarded.get(name));
          }
          if (what === 'publish') await publish(live, [user, user]);
        };
        await Promise.all(acts.map(run));
        await live.deadLetters.redrive({ projection: 'skipping' });
        await live.deadLetters.redrive({ projection: 'holding' });
        await caughtUp(live);
        for (const name of ['skipping', 'holding']) {
          expect(await live.deadLetters.list({ projection: name })).toEqual([]);
          expect(await live.versions.verify(name)).toMatchObject({ differentRows: 0 });
          const seen = [...(await seenBy(name)).values()].flat();
          expect(new Set(seen).size).toBe(seen.length);
          const gone = [...(discarded.get(name) ?? [])].length;
          discardedSoFar.set(name, (discardedSoFar.get(name) ?? 0) + gone);
          expect(seen.length + (discardedSoFar.get(name) ?? 0)).toBe(count);
        }
        for (const ids of (await seenBy('holding')).values()) {
          const numbers = ids.map((id) => Number(id.slice(1)));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
      },
    ),
    { numRuns: 5 * Number(process.env['REPRISE_TEST_RUNS'] ?? 1) },
  );
});

const discardedSoFar = new Map<string, number>();

async function discardOne(
  app: Reprise,
  name: string,
  into: Set<bigint> | undefined,
): Promise<void> {
  const letters = await app.deadLetters.list({ projection: name });
  const letter = letters[Math.floor(letters.length / 2)] as DeadLetterStatus | undefined;
  if (letter === undefined) return;
  try {
    await app.deadLetters.discard({ projection: name, position: letter });
    into?.add(letter.offset);
  } catch (error) {
    expect(error).toMatchObject({ code: 'UNKNOWN_DEAD_LETTER' });
  }
}

test('a redrive beside a live instance keeps the task until its letters are folded, and no process counts as dead', async () => {
  const [live, other] = [await open(), await open()];
  await live.setUp();
  await live.runner.start();
  unlucky.add('ada');
  await publish(live, Array(60).fill('ada'));
  await caughtUp(live);
  unlucky.clear();
  const owners = async () =>
    sql<{ epoch: string; deaths: number }>(
      database.url,
      `select epoch::text, deaths from reprise.tasks where projection = 'skipping'`,
    );
  const [before] = await owners();
  const [report] = await Promise.all([
    other.deadLetters.redrive({ projection: 'skipping' }),
    publish(live, Array(200).fill('bob')),
  ]);
  expect(report).toMatchObject({ redriven: 60, failed: [] });
  await publish(live, ['ada', 'bob']);
  await caughtUp(live);
  const [after] = await owners();
  // Taken by the redrive, taken back by the instance.
  expect(Number(after?.epoch)).toBe(Number(before?.epoch) + 2);
  expect(after?.deaths).toBe(0);
  expect((await seenBy('skipping')).get('ada')).toHaveLength(61);
  expect((await seenBy('skipping')).get('bob')).toHaveLength(201);
});

test('a redrive ends while an instance sets the same events aside again and again', async () => {
  const [live, other] = [await open(), await open()];
  await live.setUp();
  await live.runner.start();
  unlucky.add('ada');
  await publish(live, Array(10).fill('ada'));
  await caughtUp(live);
  const over = new AbortController();
  const going = async () => {
    while (!over.signal.aborted) await publish(live, ['ada']);
  };
  const publishing = going();
  const report = await other.deadLetters.redrive({ projection: 'skipping' });
  over.abort();
  await publishing;
  expect(report.redriven).toBe(0);
  expect(report.failed.length + report.waiting).toBeGreaterThanOrEqual(10);
});
