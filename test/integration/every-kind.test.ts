import { describe, expect, test } from 'vitest';
import { siteEvents } from '../../example/site-events.ts';
import { AccountOverview } from '../../projections/account-overview.ts';
import { LoginFraud } from '../../projections/login-fraud.ts';
import { MetricAnomalies, MetricMinutes } from '../../projections/metric-anomalies.ts';
import { SessionAnalytics } from '../../projections/session-analytics.ts';
import { UserMetrics } from '../../projections/user-metrics.ts';
import * as schemas from '../../schemas/index.ts';
import { verifyProjection } from '../../src/cli/terminal/verify-projection.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { count, first } from '../../src/projection/declare/aggregates.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { createTestDatabase, useDatabase } from '../support/test-database.ts';

const KINDS = [
  UserMetrics,
  SessionAnalytics,
  AccountOverview,
  LoginFraud,
  MetricMinutes,
  MetricAnomalies,
];
const EVENTS = 4_000;

/** The same projections under another version. */
function version(number: number): ProjectionClass[] {
  return KINDS.map(
    (Kind) =>
      class extends (Kind as new () => UserMetrics) {
        override readonly version: number = number;
      } as unknown as ProjectionClass,
  );
}

const database = useDatabase('file');
function open(projections: readonly ProjectionClass[], url = database.url): Promise<Reprise> {
  return createReprise({
    projections,
    events: Object.values(schemas),
    database: { type: 'url', url },
    logLevel: 'silent',
  });
}

async function publish(app: Reprise, from: number, until: number): Promise<void> {
  let index = 0;
  const waiting: Promise<unknown>[] = [];
  for (const { event, value } of siteEvents({
    seed: 7,
    startMs: Date.UTC(2026, 0, 1),
    ratePerSecond: 20,
  })) {
    if (index >= until) break;
    if (index >= from) waiting.push(app.publisher.publish(event, value));
    index += 1;
  }
  await Promise.all(waiting);
}

describe('every kind of projection, on real Postgres', () => {
  test('live with a restart between, rebuilt beside, and by the plain fold: the same rows; alerts are not repeated', async () => {
    const before = await open(version(1));
    await before.setUp();
    await before.runner.start();
    await publish(before, 0, EVENTS / 2);
    await settled(before);
    await before.close();

    const live = await open(version(1));
    await live.runner.start();
    await publish(live, EVENTS / 2, EVENTS);
    await settled(live);
    await live.runner.stop();
    for (const plan of live.plans) {
      expect(await verifyProjection(live, plan, foldInterpreted)).toEqual([]);
    }
    const published = await ends(live);
    await live.close();

    const next = await open(version(2));
    await next.versions.rebuild(next.plans.map(({ name }) => name));
    for (const plan of next.plans) {
      for (const { name } of plan.tables) {
        const [old, built] = [`${name}__v1`, `${name}__v2`];
        expect(`${name} ${await tableDigest(database.url, built)}`).toBe(
          `${name} ${await tableDigest(database.url, old)}`,
        );
      }
      await next.versions.activate(plan.name);
    }
    await next.runner.start();
    await settled(next);
    expect(await ends(next)).toEqual(published);
    await next.close();
    const [matches] = await sql<{ matches: number }>(
      database.url,
      'select count(*)::int as matches from public.login_fraud',
    );
    expect(published['fraud-alerts']).toBe(matches?.matches);
    expect(matches?.matches).toBeGreaterThan(5);
  });

  /** Sittings that end soon, so that a test need not wait. */
  class Sittings extends SessionProjection {
    readonly name: string = 'sittings';
    readonly version: number = 1;
    define() {
      return this.from(schemas.PageViewed)
        .key('visitorId')
        .session({ gap: '250 milliseconds', idle: '100 milliseconds' })
        .measure({ pages: count(), entryPage: first('page') })
        .onClose(schemas.FraudSuspected, (row) => ({
          userId: row.visitor_id,
          firstFailureAt: row.started_at,
          at: row.ended_at,
        }));
    }
  }

  test('silence is journaled: a quiet partition closes its sessions, and a replay closes them at the same place', async () => {
    const quiet = await createTestDatabase();
    try {
      const app = await open([Sittings], quiet.url);
      await app.setUp();
      await app.runner.start();
      const T = Date.UTC(2020, 0, 1);
      const view = (visitorId: string, atMs: number) =>
        app.publisher.publish(schemas.PageViewed, {
          visitorId,
          page: '/',
          occurredAt: new Date(atMs),
        });
      await view('a', T);
      await view('b', T);
      await until(
        async () => (await app.readModels.query(Sittings).where('closed', true)).length === 2,
      );
      await view('a', T + 200);
      await until(async () =>
        (await settledRows(app)).some(({ closed, pages }) => closed && pages === 2n),
      );
      const rows = await settledRows(app);
      expect(
        rows
          .map(({ pages, revised_at_offset }) => [pages, revised_at_offset === null] as const)
          .sort(([a], [b]) => Number(a - b)),
      ).toEqual([
        [1n, true],
        [2n, false],
      ]);
      await app.close();
      const [ticks] = await sql<{ n: number }>(
        quiet.url,
        `select count(*)::int as n from reprise.journal where kind = 'tick'`,
      );
      expect(ticks?.n).toBeGreaterThan(0);
      const next = await open(
        [
          class extends Sittings {
            override readonly version = 2;
          },
        ],
        quiet.url,
      );
      await next.versions.rebuild('sittings');
      expect(await tableDigest(quiet.url, 'sittings__v2')).toBe(
        await tableDigest(quiet.url, 'sittings__v1'),
      );
      await next.close();
    } finally {
      await quiet.drop();
    }

    async function settledRows(app: Reprise) {
      return app.readModels.query(Sittings);
    }
  });
});

/** Records in each topic. */
async function ends(app: Reprise): Promise<Record<string, number>> {
  const topics = [...new Set(Object.values(schemas).map(({ topic }) => topic))];
  const described = await app.log.describe(topics);
  return Object.fromEntries(
    [...described.values()].map(({ topic, partitions }) => [
      topic,
      partitions.reduce((sum, { stableEndOffset }) => sum + Number(stableEndOffset), 0),
    ]),
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
