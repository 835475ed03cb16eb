import { createBackoff } from '../../src/concurrency/backoff.ts';
import { partitionFor } from '../../src/log/partition-for.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import type { Plan } from '../../src/projection/plan/plan.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import { ensureVersion } from '../../src/runner/live/ensure-version.ts';
import { EventSchemas } from '../../src/runner/outbox/event-schemas.ts';
import { readPublishedUpTo } from '../../src/runner/outbox/read-published-up-to.ts';
import { TopicQueue } from '../../src/runner/outbox/topic-queue.ts';
import { openSession } from '../../src/runner/session/open-session.ts';
import type { TaskSession } from '../../src/runner/session/task-session.ts';
import { createTables, dropVersion } from '../../src/runner/store/create-tables.ts';
import { renewLease } from '../../src/runner/store/instance-store.ts';
import { copyJournal } from '../../src/runner/store/journal-store.ts';
import { insertVersion, setVersionState } from '../../src/runner/store/version-store.ts';
import type { Attempt, StageName, Stages } from './derived-kinds.ts';
import { firstStage, secondStage } from './derived-kinds.ts';
import type { Fate, Moment } from './frail-log.ts';
import { frail } from './frail-log.ts';
import type { Published } from './published-events.ts';
import { publishedOf, readBatches } from './published-events.ts';
import { ScheduleWorld } from './schedule-world.ts';
import type { StageEvents } from './stage-events.ts';
import { stageEvents } from './stage-events.ts';

const OWNER = 'schedules';
const T = Date.UTC(2026, 0, 1);
/** Longer than anything waits for. */
const LONG_MS = 600_000;
/** How far a later event may lie before the clock: an absence is told after four seconds. */
const SLACK_MS = 5_000;

/** A database and a log for many schedules. */
export class DerivedWorld extends ScheduleWorld {
  static async open(brokers?: readonly string[]): Promise<DerivedWorld> {
    return new DerivedWorld(...(await ScheduleWorld.create({ brokers, events: [], owner: OWNER })));
  }

  /** Two stages and topics of its own: so many partitions of visits, and of what is published. */
  async schedule(stages: Stages, partitions: readonly [number, number]): Promise<DerivedSchedule> {
    const name = this.nextName('d');
    const events = stageEvents(name);
    await this.app.log.ensureTopics([
      { topic: events.visits.topic, partitions: partitions[0] },
      { topic: events.seconds.topic, partitions: partitions[1] },
    ]);
    const run = { instance: OWNER, leaseMs: 3_600_000, runs: [] };
    await inTransaction(this.pool, (client) => renewLease(client, run));
    const schedule = new DerivedSchedule(this, { name, stages, partitions, events });
    await schedule.begin();
    return schedule;
  }
}

interface Course {
  readonly name: string;
  readonly stages: Stages;
  readonly partitions: readonly [number, number];
  readonly events: StageEvents;
}

/** Two stages, driven step by step. */
export class DerivedSchedule {
  readonly #world: DerivedWorld;
  readonly #course: Course;
  readonly #plans: Readonly<Record<StageName, Plan>>;
  readonly #sessions = new Map<string, TaskSession>();
  #nowMs = T;
  /** Ids of the events that the first stage committed. */
  readonly emitted: string[] = [];
  /** Records on the derived topic that were there already. */
  repeats = 0;

  constructor(world: DerivedWorld, course: Course) {
    this.#world = world;
    this.#course = course;
    const { name, stages, events } = course;
    this.#plans = {
      first: compileProjection(firstStage(`${name}_a`, stages, events)),
      second: compileProjection(secondStage(`${name}_b`, stages, { version: 1, events })),
    };
  }

  async begin(): Promise<void> {
    const { settings } = this.#world;
    await Promise.all(Object.values(this.#plans).map((plan) => ensureVersion(settings, plan)));
  }

  /**
   * Time goes on, and visits happen. A partition that said that nothing is to come was right: what
   * comes to it is of now.
   */
  async append(attempts: readonly Attempt[], laterMs: number): Promise<void> {
    this.#nowMs += laterMs;
    const silent = await this.#silent();
    const { visits } = this.#course.events;
    const values = attempts.map(({ visitor, behindMs }) => {
      const partition = partitionFor(Buffer.from(`v${visitor}`), this.#course.partitions[0], 0);
      const atMs = silent.has(partition) ? this.#nowMs : this.#nowMs - behindMs;
      return { visitor: `v${visitor}`, team: `t${visitor % 3}`, at: new Date(atMs) };
    });
    await Promise.all(values.map((value) => this.#world.app.publisher.publish(visits, value)));
  }

  /** Folds so many records at most. */
  async fold(stage: StageName, choice: number, records: number): Promise<void> {
    const session = await this.#open(stage, choice);
    const topic = this.#topicOf(stage);
    const from = Number(session.nextOffset(topic));
    const { partition } = session.task;
    const until = Math.min(await this.#endOf(topic, partition), from + records);
    if (until <= from) return;
    const of = { topic, partition, from, until };
    await session.foldBatches(await readBatches(this.#world.app.log, of));
  }

  async flush(stage: StageName, choice: number): Promise<void> {
    await (await this.#open(stage, choice)).flush();
  }

  /** The process of a task ends. */
  crash(stage: StageName, choice: number): void {
    this.#sessions.delete(this.#nameOf(stage, choice));
  }

  /**
   * A partition has been quiet: as a live task has it, which folds what came meanwhile instead, and
   * says so when it waits for nothing.
   */
  async tick(stage: StageName, choice: number, quietMs: number): Promise<void> {
    const session = await this.#open(stage, choice);
    const { settings } = this.#world;
    const topic = this.#topicOf(stage);
    const upToMs = (await readPublishedUpTo(settings, topic)) ?? Number.POSITIVE_INFINITY;
    const { eventCount } = session.fold;
    await this.fold(stage, choice, Number.MAX_SAFE_INTEGER);
    if (session.fold.eventCount === eventCount) {
      if (session.fold.stateSize > 0) session.tick(quietMs, upToMs);
      else if (stage === 'first') await session.publishesNothing();
    }
    await session.flush();
    const { watermarkMs } = session.fold;
    if (watermarkMs === null || upToMs < Number.POSITIVE_INFINITY) return;
    this.#nowMs = Math.max(this.#nowMs, watermarkMs + (stage === 'first' ? 0 : SLACK_MS));
  }

  /** One round of a relay that begins and ends: it looks at the outbox once. */
  async relay(
    fates: readonly Fate[],
    meanwhile?: { readonly at: Moment; readonly act: () => Promise<void> },
  ): Promise<void> {
    const { settings, pool } = this.#world;
    const queued = [...fates];
    let other = meanwhile;
    const happen = async (at: Moment) => {
      if (other?.at !== at) return;
      const { act } = other;
      other = undefined;
      await act();
    };
    const log = frail(settings.log, () => queued.shift() ?? 'told', happen);
    const parts = { settings: { ...settings, log }, schemas: new EventSchemas(settings) };
    const queue = new TopicQueue(this.#course.events.seconds.topic, {
      ...parts,
      onFree: () => undefined,
    });
    queue.look();
    while (queue.isBusy) await new Promise((resolve) => setImmediate(resolve));
    await pool.query('update reprise.outbox set retry_at = null where retry_at is not null');
  }

  /** Everything is folded and published, and time goes on until nothing waits. */
  async settle(): Promise<void> {
    await this.#quieten('first');
    while ((await this.#queued()) > 0) await this.relay([]);
    await this.#quieten('second');
  }

  /** The rows of the second stage's stable view. */
  async rows(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.#world.pool.query(`select * from public."${this.#plans.second.name}"`)).rows;
  }

  /**
   * What a replay of the derived topic from its beginning gives, and what the live tasks gave: all
   * physical columns.
   */
  async replayed(): Promise<{
    readonly live: readonly string[];
    readonly built: readonly string[];
  }> {
    const { name, stages, events } = this.#course;
    const plan = compileProjection(secondStage(`${name}_b`, stages, { version: 2, events }));
    await inTransaction(this.#world.pool, async (client) => {
      await createTables(client, plan, 'now');
      await insertVersion(client, plan, 'building');
      await setVersionState(client, { projection: plan.name, version: plan.version }, 'ready');
      const versions = { fromVersion: 1, toVersion: 2, all: true };
      await copyJournal(client, { projection: plan.name, ...versions });
    });
    const { topic } = events.seconds;
    const partitions = Array.from({ length: this.#course.partitions[1] }, (_, i) => i);
    const replay = async (partition: number) => {
      const session = await this.#session(plan, partition);
      const end = await this.#endOf(topic, partition);
      if (end > 0)
        await session.foldBatches(
          await readBatches(this.#world.app.log, { topic, partition, from: 0, until: end }),
        );
      await session.flush();
    };
    await Promise.all(partitions.map(replay));
    const [live, built] = [await this.#physical(this.#plans.second), await this.#physical(plan)];
    await this.#drop(plan);
    return { live, built };
  }

  async lateEvents(): Promise<readonly object[]> {
    const { rows } = await this.#world.pool.query(
      `select partition, "offset", event_time, watermark from reprise.late_events where projection = $1 and version = 1`,
      [this.#plans.second.name],
    );
    return rows;
  }

  /** Events on the derived topic, each once. */
  async published(): Promise<readonly Published[]> {
    const found = new Map<string, Published>();
    const { topic } = this.#course.events.seconds;
    for (let partition = 0; partition < this.#course.partitions[1]; partition += 1) {
      const end = await this.#endOf(topic, partition);
      if (end === 0) continue;
      for (const batch of await readBatches(this.#world.app.log, {
        topic,
        partition,
        from: 0,
        until: end,
      })) {
        for (let i = 0; i < batch.count; i += 1) {
          const one = publishedOf(batch, i);
          if (found.has(one.id)) this.repeats += 1;
          else found.set(one.id, one);
        }
      }
    }
    return [...found.values()];
  }

  get secondPlan(): Plan {
    return this.#plans.second;
  }

  async forget(): Promise<void> {
    await this.#drop(this.#plans.first);
    await this.#drop(this.#plans.second);
  }

  async #drop({ name: projection, version, tables }: Plan): Promise<void> {
    await inTransaction(this.#world.pool, async (client) => {
      if (version === 1) {
        for (const { view, name } of tables) {
          if (view !== null) await client.query(`drop view if exists public."${name}"`);
        }
      }
      await dropVersion(client, { projection, version, tables });
    });
  }

  /** Folds everything and lets time go on, until nothing of a stage waits. */
  async #quieten(stage: StageName): Promise<void> {
    const choices = Array.from({ length: this.#partitionsOf(stage) }, (_, choice) => choice);
    const all = (act: (choice: number) => Promise<void>) => Promise.all(choices.map(act));
    await all(async (choice) => {
      await this.fold(stage, choice, Number.MAX_SAFE_INTEGER);
      await this.flush(stage, choice);
    });
    await all((choice) => this.tick(stage, choice, LONG_MS));
  }

  async #queued(): Promise<number> {
    const { rows } = await this.#world.pool.query<{ n: number }>(
      'select count(*)::int as n from reprise.outbox where topic = $1',
      [this.#course.events.seconds.topic],
    );
    return rows[0]?.n ?? 0;
  }

  /** Partitions of the first stage that said that nothing is to come. */
  async #silent(): Promise<ReadonlySet<number>> {
    const { rows } = await this.#world.pool.query<{ partition: number }>(
      `select partition from reprise.tasks where projection = $1 and publishes_from_ms = 'Infinity'`,
      [this.#plans.first.name],
    );
    return new Set(rows.map(({ partition }) => partition));
  }

  async #physical({ tables }: Plan): Promise<readonly string[]> {
    const rows: string[] = [];
    for (const { name, version } of tables) {
      const found = await this.#world.pool.query<{ row: string }>(
        `select t::text as row from public."${name}__v${version}" t order by t::text collate "C"`,
      );
      rows.push(...found.rows.map(({ row }) => row));
    }
    return rows;
  }

  async #open(stage: StageName, choice: number): Promise<TaskSession> {
    const name = this.#nameOf(stage, choice);
    let session = this.#sessions.get(name);
    if (session === undefined) {
      session = await this.#session(this.#plans[stage], choice % this.#partitionsOf(stage));
      if (stage === 'first') this.#listen(session);
      this.#sessions.set(name, session);
    }
    return session;
  }

  /** What is taken from a fold is committed: no flush fails here. */
  #listen({ fold }: TaskSession): void {
    const take = fold.takeChanges.bind(fold);
    fold.takeChanges = () => {
      const changes = take();
      this.emitted.push(...changes.emissions.map(({ id }) => id));
      return changes;
    };
  }

  #session(plan: Plan, partition: number): Promise<TaskSession> {
    const { name: projection, version } = plan;
    return openSession(
      this.#world.settings,
      { projection, version, partition },
      {
        plan,
        mode: 'live',
        write: upsertRows,
        backoff: createBackoff({ signal: new AbortController().signal }),
        onPause: () => undefined,
      },
    );
  }

  #nameOf(stage: StageName, choice: number): string {
    return `${stage} ${choice % this.#partitionsOf(stage)}`;
  }

  #partitionsOf(stage: StageName): number {
    return this.#course.partitions[stage === 'first' ? 0 : 1];
  }

  #topicOf(stage: StageName): string {
    const { visits, seconds } = this.#course.events;
    return stage === 'first' ? visits.topic : seconds.topic;
  }

  async #endOf(topic: string, partition: number): Promise<number> {
    const described = (await this.#world.app.log.describe([topic])).get(topic);
    return Number(described?.partitions[partition]?.stableEndOffset ?? 0n);
  }
}
