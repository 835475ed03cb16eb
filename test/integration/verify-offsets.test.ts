import { expect, test, vi } from 'vitest';
import { AccountOverview } from '../../projections/account-overview.ts';
import type { UserActed } from '../../schemas/index.ts';
import * as schemas from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import { Decimal } from '../../src/event/decimal.ts';
import type { Position } from '../../src/log/event-log.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { RowDifference } from '../../src/runner/verify/verify-report.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('test');
async function open(
  projections: readonly ProjectionClass[],
  topicPartitions: number,
): Promise<Reprise> {
  const app = await createReprise({
    projections,
    events: Object.values(schemas),
    database: { type: 'url', url: database.url },
    topicPartitions,
    logLevel: 'silent',
  });
  await app.setUp();
  return app;
}

/** Folds everything, then ends the runner: what is changed by hand afterwards stays. */
async function foldAll(app: Reprise): Promise<void> {
  await app.runner.start();
  await vi.waitFor(
    async () => {
      const status = await app.status();
      expect(status.flatMap(({ tasks }) => tasks).filter(({ error }) => error !== null)).toEqual(
        [],
      );
      expect(status.map(({ lagRecords }) => lagRecords)).toEqual(status.map(() => 0n));
    },
    { timeout: 60_000, interval: 50 },
  );
  await app.runner.stop();
}

/** The positions of some events, in log order. */
function positionsOf<Value>(
  events: readonly Value[],
  positions: readonly Position[],
  wanted: (event: Value) => boolean,
): readonly Position[] {
  return positions
    .filter((_, i) => wanted(events[i] as Value))
    .sort((a, b) => Number(a.offset - b.offset));
}

function rangeOf(positions: readonly Position[]): RowDifference['ranges'] {
  const [first] = positions;
  const last = positions.at(-1);
  if (first === undefined || last === undefined) return [];
  const { topic, partition } = first;
  return [{ topic, partition, fromOffset: first.offset, untilOffset: last.offset + 1n }];
}

test('verify names the records behind a row that was changed, one that was deleted, and one that nothing makes', async () => {
  const example = exampleOn(schemas.UserActed.topic);
  const app = await open([example.metricsOf(1)], 2);
  const events = exampleEvents(4_000);
  const positions = await publishAll(app, example, events);
  await foldAll(app);
  expect((await app.versions.verify('user_metrics')).differences).toEqual([]);

  const minute = Date.UTC(2026, 0, 1, 0, 1);
  const inRow = (userId: string) => (event: UserActed) =>
    event.userId === userId && Math.floor(event.occurredAt.getTime() / 60_000) === minute / 60_000;
  const table = 'public.user_metrics__v1';
  const where = 'where user_id = $1 and window_start = $2';
  const at = (userId: string) => [userId, new Date(minute)];
  await sql(database.url, `update ${table} set events = events + 1 ${where}`, at('user-7'));
  await sql(database.url, `delete from ${table} ${where}`, at('user-8'));
  await sql(
    database.url,
    `insert into ${table} select (jsonb_populate_record(t, '{"user_id": "nobody"}')).* from ${table} t ${where}`,
    at('user-9'),
  );

  const { differences } = await app.versions.verify('user_metrics');
  const found = new Map(differences.map((each) => [each.key['user_id'], each]));
  expect(found.size).toBe(3);
  for (const [userId, kind] of [
    ['user-7', 'different'],
    ['user-8', 'missing'],
  ] as const) {
    const expected = positionsOf(events, positions, inRow(userId));
    expect(expected.length).toBeGreaterThan(5);
    const named = found.get(userId)?.records ?? [];
    expect(named.length).toBeGreaterThan(2);
    expect(found.get(userId)).toMatchObject({
      kind,
      partition: expected[0]?.partition,
      records: expected.slice(0, named.length),
      ranges: rangeOf(expected),
    });
  }
  expect(found.get('nobody')).toMatchObject({ kind: 'surplus', records: [], ranges: [] });
  expect(await sql(database.url, `select from pg_tables where tablename like '%\\_\\_v0'`)).toEqual(
    [],
  );
  await app.close();
});

test('of a row that records change all along the log, the first ones and the range of all are named', async () => {
  class PerDay extends WindowedProjection {
    readonly name = 'per_day';
    readonly version = 1;
    define() {
      return this.from(schemas.UserActed)
        .key('userId')
        .window(tumbling('1 day'))
        .measure({ actions: count() });
    }
  }
  const app = await open([PerDay], 1);
  const events = exampleEvents(2_000).map((event) => ({
    ...event,
    occurredAt: new Date(event.occurredAt.getTime() + 60_000),
  }));
  const positions = await publishAll(app, exampleOn(schemas.UserActed.topic), events);
  await foldAll(app);
  await sql(database.url, `update per_day__v1 set actions = 0 where user_id = 'user-3'`);
  const [difference] = (await app.versions.verify('per_day')).differences;
  const expected = positionsOf(events, positions, ({ userId }) => userId === 'user-3');
  const named = difference?.records ?? [];
  expect(named.length).toBeGreaterThan(2);
  expect(named.length).toBeLessThanOrEqual(20);
  expect(named).toEqual(expected.slice(0, named.length));
  expect(difference?.ranges).toEqual(rangeOf(expected));
  await app.close();
});

test('a session is traced to its own events, not to the others of its key', async () => {
  class Visits extends SessionProjection {
    readonly name = 'visits';
    readonly version = 1;
    define() {
      return this.from(schemas.UserActed)
        .key('userId')
        .session({ gap: '30 minutes' })
        .measure({ actions: count() });
    }
  }
  const app = await open([Visits], 1);
  const hours = [0, 0, 5, 5, 5, 9];
  const events = exampleEvents(24).map((event, i) => ({
    ...event,
    userId: `user-${i % 4}`,
    occurredAt: new Date(Date.UTC(2026, 0, 1, hours[Math.floor(i / 4)], i)),
  }));
  const positions = await publishAll(app, exampleOn(schemas.UserActed.topic), events);
  await foldAll(app);
  await sql(
    database.url,
    `update visits__v1 set actions = 0 where user_id = 'user-2' and started_at > '2026-01-01 04:00Z' and ended_at < '2026-01-01 08:00Z'`,
  );
  const { differences } = await app.versions.verify('visits');
  const expected = positionsOf(
    events,
    positions,
    ({ userId, occurredAt }) => userId === 'user-2' && occurredAt.getUTCHours() === 5,
  );
  expect(expected).toHaveLength(3);
  expect(differences).toMatchObject([{ records: expected, ranges: rangeOf(expected) }]);
  await app.close();
});

test('rows of a table are traced through fan-out to the records that changed them', async () => {
  const app = await open([AccountOverview], 1);
  const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1_000);
  const deposit = new Decimal(10_000n, 2);
  const opened = (customerId: string, accountId: string, n: number) =>
    app.publisher.publish(schemas.AccountOpened, {
      customerId,
      accountId,
      deposit,
      occurredAt: at(n),
    });
  const moved = (customerId: string, [fromAccountId, toAccountId]: [string, string], n: number) =>
    app.publisher.publish(schemas.MoneyMoved, {
      customerId,
      fromAccountId,
      toAccountId,
      amount: new Decimal(5n, 2),
      occurredAt: at(n),
    });
  const behind = [
    await opened('ada', 'a1', 1),
    (await opened('ada', 'a2', 2),
    await opened('bob', 'b1', 3),
    await moved('ada', ['a2', 'a1'], 4)),
  ];
  await opened('bob', 'b2', 5);
  await moved('bob', ['b1', 'b2'], 6);
  behind.push(await moved('ada', ['a1', 'a2'], 7));
  await foldAll(app);
  await sql(
    database.url,
    `update account_overview__v1 set transfers = 9 where customer_id = 'ada' and account_id = 'a1'`,
  );
  const [difference] = (await app.versions.verify('account_overview')).differences;
  expect(difference).toMatchObject({ kind: 'different', columns: [{ name: 'transfers' }] });
  expect(difference?.records).toEqual(behind);
  await app.close();
});
