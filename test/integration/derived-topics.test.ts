import { afterEach, beforeEach, expect, test } from 'vitest';
import { foldInterpreted } from '../../src/fold/interpreted-fold.ts';
import { compileProjection } from '../../src/projection/compile.ts';
import type { Projection } from '../../src/projection/projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { randomFrom, seed } from '../support/fault-run.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import type { TwoStages } from '../support/two-stages.ts';
import { openStages, readSeconds, twoStages, visitsOf } from '../support/two-stages.ts';

onEveryLog(`a second stage (seed ${seed})`, (log) => {
  let database: TestDatabase;
  let stages: TwoStages;
  let app: Reprise;

  beforeEach(async () => {
    database = await createTestDatabase();
    stages = twoStages(uniqueTopic('stages'));
    app = await openStages(stages, { databaseUrl: database.url, ...log });
    await app.setUp();
  });
  afterEach(async () => {
    await app.close();
    await database.drop();
  });

  async function publishVisits(count: number): Promise<void> {
    const visits = visitsOf(count, randomFrom(seed));
    await Promise.all(visits.map((visit) => app.publisher.publish(stages.visits, visit)));
  }

  test('counts everything while the first catches up, and nothing late, as one stage would', async () => {
    await publishVisits(6_000);
    await app.runner.start();
    await settled(app);
    await expectAsOneStage(app, stages, database.url);
    await app.runner.stop();
  }, 120_000);
});

/** The rows of every second stage are those that the published events give in the order of their time, each once; none came late. */
async function expectAsOneStage(app: Reprise, stages: TwoStages, url: string): Promise<void> {
  const found = await readSeconds(app, stages);
  const once = [...new Map(found.toReversed().map((each) => [each.id, each])).values()];
  once.sort((a, b) => a.at.getTime() - b.at.getTime() || a.offset - b.offset);
  const lastMs = Math.max(...once.map(({ at }) => at.getTime()));
  for (const stage of stages.second) {
    const plan = compileProjection(new (stage as new () => Projection)());
    const items = once.map(({ partition, offset, team, visitor, visits, at }) => ({
      record: {
        topic: stages.seconds.topic,
        partition,
        offset: BigInt(offset),
        timestampMs: at.getTime(),
      },
      event: { team, visitor, visits, at },
    }));
    const ticks = [0, 1, 2, 3].map((partition) => ({ tick: { partition, quietMs: 60_000 } }));
    const expected = foldInterpreted(plan, [...items, ...ticks]);
    await expect
      .poll(() => rowsOf(url, plan.name), { timeout: 60_000, interval: 500 })
      .toEqual(shownRows(plan.name, expected));
  }
  const late = await sql(url, 'select projection, event_time, watermark from reprise.late_events');
  expect(late).toEqual([]);
  expect(lastMs).toBeGreaterThan(0);
}

const SHOWN: Readonly<Record<string, readonly string[]>> = {
  team_minutes: ['team', 'window_start', 'seconds', 'visits'],
  team_sittings: ['team', 'started_at', 'ended_at', 'seconds', 'visits'],
  team_runs: ['team', 'first_at', 'last_at'],
};

async function rowsOf(url: string, name: string): Promise<string[]> {
  const rows = await sql<Record<string, unknown>>(url, `select * from public.${name}`);
  return shownRows(name, rows);
}

/** Rows as text, by the columns that do not depend on where records lie. */
function shownRows(name: string, rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const columns = SHOWN[name] as readonly string[];
  return rows
    .map((row) =>
      columns
        .map((column) => {
          const value = row[column];
          return value instanceof Date ? value.toISOString() : String(value);
        })
        .join(' '),
    )
    .sort();
}
