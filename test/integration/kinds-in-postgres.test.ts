import fc from 'fast-check';
import { Pool } from 'pg';
import pino from 'pino';
import {
  avg,
  begin,
  count,
  countDistinct,
  PatternProjection,
  type Projection,
  quantile,
  sliding,
  sum,
  tumbling,
  variance,
  WindowedProjection,
} from 'reprise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccountOverview } from '../../projections/account-overview.ts';
import { MetricMinutes } from '../../projections/metric-anomalies.ts';
import { SessionAnalytics } from '../../projections/session-analytics.ts';
import config from '../../reprise.config.ts';
import { FraudSuspected, LoginAttempted, UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { createBackoff } from '../../src/concurrency/backoff.ts';
import type { RecordBatch } from '../../src/log/record-batch.ts';
import { splitBatch } from '../../src/log/slice-batch.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import type { Plan } from '../../src/projection/plan/plan.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import type { Reprise } from '../../src/reprise.ts';
import { openSession } from '../../src/runner/session/open-session.ts';
import type { TaskSession } from '../../src/runner/session/task-session.ts';
import { topicsOf } from '../../src/runner/settings/topics-of.ts';
import { createTables } from '../../src/runner/store/create-tables.ts';
import { copyJournal } from '../../src/runner/store/journal-store.ts';
import { spoilBatch } from '../../src/testing/spoil-batch.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const RUNS = 5 * Number(process.env['REPRISE_TEST_RUNS'] ?? 1);
const EVENTS = 1_200;

class Metrics extends WindowedProjection {
  readonly name: string = 'metrics';
  readonly version: number = 1;
  define() {
    return this.from(UserActed)
      .key('userId')
      .window(sliding('20 seconds', { every: '5 seconds' }), { lateness: '10 seconds' })
      .measure({
        events: count(),
        total: sum('value'),
        mean: avg('value'),
        p90: quantile('value', 0.9),
        spread: variance('value'),
        kinds: countDistinct('action', { exactUpTo: 2 }),
      });
  }
}

class Rejecting extends WindowedProjection {
  readonly name: string = 'rejecting';
  readonly version: number = 1;
  define() {
    return this.from(UserActed)
      .key('userId')
      .window(tumbling('2 seconds'), { late: 'reject' })
      .measure({ events: count(), total: sum('value') });
  }
}

class Failures extends PatternProjection {
  readonly name: string = 'failures';
  readonly version: number = 1;
  define() {
    return this.from(LoginAttempted)
      .key('userId')
      .pattern(
        begin('first', { where: { result: 'FAILURE' } })
          .followedBy('more', { where: { result: 'FAILURE' } })
          .oneOrMore()
          .notFollowedBy('success', { where: { result: 'SUCCESS' } })
          .within('40 seconds'),
        { lateness: '10 seconds' },
      )
      .row((m) => ({ firstAt: m.first.occurredAt }))
      .alert(FraudSuspected, (m) => ({
        userId: m.first.userId,
        firstFailureAt: m.first.occurredAt,
        at: m.first.occurredAt,
      }));
  }
}

const KINDS: readonly (new () => Projection)[] = [
  Metrics,
  Rejecting,
  MetricMinutes,
  SessionAnalytics,
  Failures,
  AccountOverview,
];

/** One step of a course: so many records of one of the topics, then something. */
interface Step {
  readonly topic: number;
  readonly length: number;
  readonly then: 'go on' | 'flush' | 'crash' | 'again' | 'tick';
}

const steps = (then: readonly Step['then'][]) =>
  fc.array(
    fc.record({
      topic: fc.nat(3),
      length: fc.integer({ min: 20, max: 200 }),
      then: fc.constantFrom(...then),
    }),
    { minLength: 3, maxLength: 25 },
  );

/**
 * Gives one of two topics over and over, each time with a restart: what waits for the other is
 * never kept.
 */
const ONE_TOPIC_AGAIN: Step[] = [
  { topic: 0, length: 200, then: 'again' },
  { topic: 0, length: 200, then: 'again' },
  { topic: 0, length: 200, then: 'again' },
];

/** The example's events on one partition of a Postgres log. */
class World {
  readonly database: TestDatabase;
  readonly app: Reprise;
  readonly pool: Pool;
  #version = 100;

  private constructor(database: TestDatabase, app: Reprise) {
    this.database = database;
    this.app = app;
    this.pool = new Pool({ connectionString: database.url, max: 4 });
  }

  static async open(order: (events: readonly Published[]) => readonly Published[]): Promise<World> {
    const database = await createTestDatabase();
    const app = await createReprise({
      ...config,
      database: { type: 'url', url: database.url },
      topicPartitions: 1,
      logLevel: 'silent',
    });
    await app.setUp();
    const given = config.dev?.events({ seed: 7, startMs: Date.UTC(2026, 0, 1), ratePerSecond: 20 });
    const events: Published[] = [];
    for (const each of given ?? []) if (events.push(each) === EVENTS) break;
    await Promise.all(order(events).map(({ event, value }) => app.publisher.publish(event, value)));
    return new World(database, app);
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.app.close();
    await this.database.drop();
  }

  /**
   * Every case folds into a version of its own; the same shape, so that everything must come out
   * equal.
   */
  async newVersion(kind: new () => Projection): Promise<Plan> {
    this.#version += 1;
    const version = this.#version;
    const projection = Object.assign(new kind(), { version });
    const plan = compileProjection(projection);
    await inTransaction(this.pool, (client) => createTables(client, plan, 'now'));
    return plan;
  }

  openTask(plan: Plan): Promise<TaskSession> {
    const { log, registry } = this.app;
    const logger = pino({ level: 'silent' });
    return openSession(
      { pool: this.pool, log, registry, logger, owner: 'test', onError: 'fail' },
      { projection: plan.name, version: plan.version, partition: 0 },
      {
        plan,
        mode: 'live',
        write: upsertRows,
        backoff: createBackoff({ signal: new AbortController().signal }),
        onPause: () => undefined,
      },
    );
  }

  /**
   * Folds the whole log in the steps of a course, over and over; ticks only where nothing waits
   * inside.
   */
  async fold(plan: Plan, course: readonly Step[]): Promise<void> {
    const topics = topicsOf(plan);
    const described = await this.app.log.describe(topics);
    const given = new Map<string, number>();
    let session = await this.openTask(plan);
    const restart = async () => {
      session = await this.openTask(plan);
      for (const topic of topics) given.set(topic, Number(session.nextOffset(topic)));
    };
    await restart();
    const endOf = (topic: string) =>
      Number(described.get(topic)?.partitions[0]?.stableEndOffset ?? 0);
    const left = () => topics.filter((topic) => (given.get(topic) ?? 0) < endOf(topic));
    for (let turn = 0; left().length > 0; turn += 1) {
      const { topic: choice, length, then } = course[turn % course.length] as Step;
      const topic = left()[choice % left().length] as string;
      const from = given.get(topic) ?? 0;
      const until = Math.min(endOf(topic), from + length);
      const batches = await this.read(topic, from, until);
      await session.foldBatches(batches);
      if (session.isDrained) for (const batch of batches) spoilBatch(batch);
      given.set(topic, until);
      // A course that only starts anew would never end: not by crashes, nor with what waits for the
      // other topic.
      const ends = (then === 'crash' || then === 'again') && turn > 3 * course.length;
      const effective = ends ? 'flush' : then;
      if (effective === 'tick' && session.isDrained) session.tick(1_000 * (1 + (length % 60)));
      if (effective === 'flush' || effective === 'tick' || effective === 'again')
        await session.flush();
      if (effective === 'crash' || effective === 'again') await restart();
    }
    await session.flush();
  }

  /** Records [from, until) of a topic, as the log's reader gives them. */
  async read(topic: string, from: number, until: number): Promise<RecordBatch[]> {
    const batches: RecordBatch[] = [];
    const position = { topic, partition: 0, offset: BigInt(from), untilOffset: BigInt(until) };
    for await (const batch of this.app.log.read([position])) {
      batches.push(batch.nextOffset > until ? splitBatch(batch, until)[0] : batch);
    }
    return batches;
  }

  /**
   * Everything a version has written: every table to the byte, events published, late events, dead
   * letters.
   */
  async traceOf(plan: Plan): Promise<unknown> {
    const of = 'where projection = $1 and version = $2';
    const given = [plan.name, plan.version];
    const { url } = this.database;
    return {
      tables: await Promise.all(
        plan.tables.map(({ name }) => tableDigest(url, `${name}__v${plan.version}`)),
      ),
      outbox: await sql(
        url,
        `select event_id, topic, key, value, record_timestamp_ms from reprise.outbox ${of} order by id`,
        given,
      ),
      late: await sql(
        url,
        `select topic, partition, "offset", watermark, window_start, payload from reprise.late_events ${of} order by id`,
        given,
      ),
      dead: await sql(url, `select topic, "offset" from reprise.dead_letters ${of}`, given),
    };
  }

  /** The rows of the read model without columns that name places in the log. */
  async rowsOf({ table, version }: Plan): Promise<unknown[]> {
    const shown = table.columns
      .filter(({ role, name }) => role !== 'state' && !PLACES.has(name))
      .map(({ name }) => `"${name}"`);
    return sql(
      this.database.url,
      `select row(${shown.join(', ')})::text from public."${table.name}__v${version}" order by 1`,
    );
  }
}

const PLACES = new Set(['revised_at_offset', 'session_id', 'match_id', 'positions']);

interface Published {
  readonly event: Parameters<Reprise['publisher']['publish']>[0];
  readonly value: unknown;
}

let world: World;
let shuffled: World;

beforeAll(async () => {
  world = await World.open((events) => events);
  // A hundred neighbours are five seconds: less than every lateness.
  shuffled = await World.open((events) =>
    events
      .map((each, i) => ({ each, place: i + ((i * 7919) % 100) }))
      .sort((a, b) => a.place - b.place)
      .map(({ each }) => each),
  );
});

afterAll(async () => {
  await world.close();
  await shuffled.close();
});

describe.each(KINDS.map((kind) => [kind.name, kind] as const))(
  '%s, through real Postgres',
  (_name, kind) => {
    test('any live course with ticks, crashes and double delivery, replayed in any other, leaves the same to the byte (laws 1, 2, 5, 7, 9)', async () => {
      await fc.assert(
        fc.asyncProperty(
          steps(['go on', 'flush', 'crash', 'again', 'tick']),
          steps(['go on', 'flush', 'crash', 'again']),
          async (liveCourse, replayCourse) => {
            const live = await world.newVersion(kind);
            await world.fold(live, liveCourse);
            const replay = await world.newVersion(kind);
            const { name: projection, version: fromVersion } = live;
            const target = { projection, fromVersion, toVersion: replay.version, all: true };
            await inTransaction(world.pool, (client) => copyJournal(client, target));
            await world.fold(replay, replayCourse);
            expect(await world.traceOf(replay)).toEqual(await world.traceOf(live));
          },
        ),
        { numRuns: RUNS, examples: [[ONE_TOPIC_AGAIN, ONE_TOPIC_AGAIN]] },
      );
    });
  },
);

test.each([Metrics, SessionAnalytics, Failures].map((kind) => [kind.name, kind] as const))(
  '%s does not show the order of arrival inside the lateness, sums of doubles included (law 4)',
  async (_name, kind) => {
    await fc.assert(
      fc.asyncProperty(steps(['go on', 'flush', 'again']), async (course) => {
        const plans = [await world.newVersion(kind), await shuffled.newVersion(kind)] as const;
        await world.fold(plans[0], course);
        await shuffled.fold(plans[1], course);
        const rows = await world.rowsOf(plans[0]);
        expect(rows.length).toBeGreaterThan(5);
        expect(await shuffled.rowsOf(plans[1])).toEqual(rows);
      }),
      { numRuns: 2 },
    );
  },
);
