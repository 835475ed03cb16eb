import { FraudSuspected, LoginAttempted } from '../../schemas/index.ts';
import { createBackoff } from '../../src/concurrency/backoff.ts';
import type { RecordBatch } from '../../src/log/record-batch.ts';
import { splitBatch } from '../../src/log/slice-batch.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import type { Plan } from '../../src/projection/plan/plan.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import { isRepriseError } from '../../src/reprise-error.ts';
import { discardDeadLetters } from '../../src/runner/dead-letters/read-dead-letters.ts';
import { ensureVersion } from '../../src/runner/live/ensure-version.ts';
import { openSession } from '../../src/runner/session/open-session.ts';
import type { TaskSession } from '../../src/runner/session/task-session.ts';
import { dropVersion } from '../../src/runner/store/create-tables.ts';
import { activate } from '../../src/runner/switch/activate.ts';
import { retire } from '../../src/runner/switch/retire.ts';
import { rollback } from '../../src/runner/switch/rollback.ts';
import { onOwnTopic } from './kafka.ts';
import { makeReady } from './make-ready.ts';
import { ScheduleWorld } from './schedule-world.ts';
import type { AlertKind } from './switch-kinds.ts';
import { alertProjection } from './switch-kinds.ts';
import type { ModelEmission } from './switch-model.ts';
import { SwitchModel } from './switch-model.ts';

/** A log-in: of which user, how it ended, when, and which versions fail on it (bits). */
export interface Attempt {
  readonly user: number;
  readonly fails: boolean;
  readonly atMs: number;
  readonly breaks: number;
}

/** A database and a log for many schedules. */
export class SwitchWorld extends ScheduleWorld {
  static async open(brokers?: readonly string[]): Promise<SwitchWorld> {
    const events = [onOwnTopic(LoginAttempted), onOwnTopic(FraudSuspected)];
    return new SwitchWorld(...(await ScheduleWorld.create({ brokers, events, owner: 'test' })));
  }

  /** A projection and a topic of its own. */
  async schedule(kind: AlertKind, latenesses: readonly string[]): Promise<Schedule> {
    const name = this.nextName('p');
    const topic = `t-${name}`;
    await this.app.log.ensureTopics([{ topic, partitions: 1 }]);
    return new Schedule(this, { kind, name, topic, latenesses });
  }
}

/** What a schedule is about. */
interface Course {
  readonly kind: AlertKind;
  readonly name: string;
  readonly topic: string;
  /** By version, over and over. */
  readonly latenesses: readonly string[];
}

/** A version as the schedule runs it. */
interface Running {
  readonly plan: Plan;
  session: TaskSession | null;
  /** Set aside by what is folded and not committed. */
  aside: number[];
  /** Of commits that the model has not been told of. */
  emissions: ModelEmission[];
}

/** One course of events, driven step by step, with its model beside it. */
export class Schedule {
  readonly #world: SwitchWorld;
  readonly #course: Course;
  readonly model = new SwitchModel();
  readonly #running = new Map<number, Running>();
  readonly #attempts: Attempt[] = [];
  /** `version offset` of what a version can fold by now, and of what was thrown away. */
  readonly #mended = new Set<string>();
  readonly #discarded = new Set<string>();
  #made = 0;
  /** Ids of alerts that left the outbox, in order. */
  readonly published: string[] = [];

  constructor(world: SwitchWorld, course: Course) {
    this.#world = world;
    this.#course = course;
  }

  get versions(): readonly number[] {
    return [...this.#running.keys()];
  }

  /** The first version as `run` makes it, or any as `rebuild` does; it has folded nothing yet. */
  async build(how: 'run' | 'rebuild'): Promise<void> {
    this.#made += 1;
    const version = this.#made;
    const { kind, name, topic, latenesses } = this.#course;
    const lateness = latenesses[(version - 1) % latenesses.length] as string;
    const fails = ({ address }: LoginAttempted) => this.#fails(version, Number(address));
    const plan = compileProjection(
      alertProjection({ kind, name, topic, version, lateness, fails }),
    );
    if (how === 'run') await ensureVersion(this.#world.settings, plan);
    else await inTransaction(this.#world.pool, (client) => makeReady(client, plan));
    this.model.add(version);
    if (how === 'run') this.model.switchTo(version);
    this.#running.set(version, { plan, session: null, aside: [], emissions: [] });
  }

  async append(attempts: readonly Attempt[]): Promise<void> {
    const event = { ...LoginAttempted, topic: this.#course.topic };
    const values = attempts.map(({ user, fails, atMs }, i) => ({
      userId: `u${user}`,
      result: fails ? ('FAILURE' as const) : ('SUCCESS' as const),
      address: String(this.#attempts.length + i),
      occurredAt: new Date(atMs),
    }));
    this.#attempts.push(...attempts);
    await Promise.all(values.map((value) => this.#world.app.publisher.publish(event, value)));
  }

  /** Folds so many records of the log at most. */
  async fold(version: number, records: number): Promise<void> {
    const session = await this.#open(version);
    const from = this.#standsAt(session);
    const until = Math.min(this.#attempts.length, from + records);
    if (until <= from) return;
    const { aside } = this.#of(version);
    for (const batch of await this.#read(from, until)) {
      for (let i = 0; i < batch.count; i += 1) {
        const offset = batch.offsets[i] as number;
        if (this.#fails(version, offset)) aside.push(offset);
      }
      await session.foldBatches([batch]);
    }
  }

  async flush(version: number): Promise<void> {
    const session = await this.#open(version);
    if (await this.#unlessFenced(version, () => session.flush())) this.#committed(version, session);
  }

  /** The partition has been quiet: only where everything is folded. */
  async tick(version: number, quietMs: number): Promise<void> {
    const session = await this.#open(version);
    if (this.#standsAt(session) < this.#attempts.length) return;
    session.tick(quietMs);
    await this.flush(version);
  }

  crash(version: number): void {
    Object.assign(this.#of(version), { session: null, aside: [], emissions: [] });
  }

  /** Mends a version for a dead letter of it, and folds that again where the version stands. */
  async redrive(version: number, choice: number): Promise<void> {
    await this.flush(version);
    const known = this.model.of(version);
    const letters = [...known.aside].filter((at) => !this.#discarded.has(`${version} ${at}`));
    const offset = pick(letters, choice);
    if (offset === undefined) return;
    this.#mended.add(`${version} ${offset}`);
    const session = await this.#open(version);
    const [batch] = await this.#read(offset, offset + 1);
    const isDone = await this.#unlessFenced(version, () => session.redrive(batch as RecordBatch));
    if (!isDone) {
      this.#mended.delete(`${version} ${offset}`);
      return;
    }
    known.aside.delete(offset);
    this.#committed(version, session);
  }

  /** Throws the dead letter at a position away, of every version that has it. */
  async discard(choice: number): Promise<void> {
    const letters = this.versions.flatMap((version) =>
      [...this.model.of(version).aside].filter((at) => !this.#discarded.has(`${version} ${at}`)),
    );
    const offset = pick(letters, choice);
    if (offset === undefined) return;
    const { name, topic } = this.#course;
    const position = { topic, partition: 0, offset: BigInt(offset) };
    await discardDeadLetters(this.#world.pool, name, { position });
    for (const version of this.versions) {
      if (this.model.of(version).aside.has(offset)) this.#discarded.add(`${version} ${offset}`);
    }
  }

  async activate(version: number): Promise<void> {
    await this.#keepUp(version);
    await activate(this.#world.settings, this.#of(version).plan);
    this.model.switchTo(version);
  }

  async rollback(): Promise<void> {
    const { previous } = this.model;
    if (previous === null) return;
    await this.#keepUp(previous);
    await rollback(this.#world.settings, this.#course.name);
    this.model.switchTo(previous);
  }

  async retire(version: number): Promise<void> {
    if (this.model.active === version) return;
    await retire(this.#world.settings, this.#course.name, version);
    this.model.retire(version);
    this.#running.delete(version);
  }

  /** What the relay does: takes what is to be published out of the outbox. */
  async publish(): Promise<void> {
    const { rows } = await this.#world.pool.query<{ event_id: string }>(
      `with taken as (delete from reprise.outbox where projection = $1 and not held returning id, event_id)
       select event_id from taken order by id`,
      [this.#course.name],
    );
    this.published.push(...rows.map(({ event_id: id }) => id));
  }

  /** Alerts that wait for a switch. */
  async held(): Promise<number> {
    const { rows } = await this.#world.pool.query<{ n: number }>(
      'select count(*)::int as n from reprise.outbox where projection = $1 and held',
      [this.#course.name],
    );
    return rows[0]?.n ?? 0;
  }

  /** Everything is folded by whoever is there, and published. */
  async settle(): Promise<void> {
    for (const version of this.versions) {
      await this.#keepUp(version, this.#attempts.length);
      await this.tick(version, 600_000);
    }
    await this.publish();
  }

  /** Drops what is left of it. */
  async forget(): Promise<void> {
    for (const { plan } of this.#running.values()) {
      const { name: projection, version, tables } = plan;
      const views = tables.flatMap(({ view, name }) => (view === null ? [] : [name]));
      await inTransaction(this.#world.pool, async (client) => {
        for (const view of views) await client.query(`drop view if exists public."${view}"`);
        await dropVersion(client, { projection, version, tables });
      });
    }
  }

  /** Folds to where the active version stands, or further. */
  async #keepUp(version: number, end = 0): Promise<void> {
    const { active } = this.model;
    const until = Math.max(end, active === null ? 0 : this.model.of(active).nextOffset);
    while (this.model.of(version).nextOffset < until) {
      const session = await this.#open(version);
      await this.fold(version, Math.max(0, until - this.#standsAt(session)));
      await this.flush(version);
    }
  }

  async #open(version: number): Promise<TaskSession> {
    const running = this.#of(version);
    if (running.session !== null) return running.session;
    const { settings } = this.#world;
    const { name: projection } = this.#course;
    const session = await openSession(
      settings,
      { projection, version, partition: 0 },
      {
        plan: running.plan,
        mode: 'live',
        write: upsertRows,
        backoff: createBackoff({ signal: new AbortController().signal }),
        onPause: () => undefined,
      },
    );
    const { fold } = session;
    const take = fold.takeChanges.bind(fold);
    fold.takeChanges = () => {
      const changes = take();
      running.emissions.push(
        ...changes.emissions.map(({ id, cause }) => ({
          id,
          offsets: cause.records.map(({ offset }) => offset),
          dueMs: cause.dueMs,
        })),
      );
      return changes;
    };
    running.session = session;
    return session;
  }

  #committed(version: number, session: TaskSession): void {
    const running = this.#of(version);
    const { aside, emissions } = running;
    const { watermarkMs } = session.fold;
    this.model.commit(version, {
      nextOffset: this.#standsAt(session),
      watermarkMs,
      aside,
      emissions,
    });
    Object.assign(running, { aside: [], emissions: [] });
  }

  /** Another took the task meanwhile: then what is in memory is void. */
  async #unlessFenced(version: number, act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!isRepriseError(error, 'FENCED')) throw error;
      this.crash(version);
      return false;
    }
  }

  #of(version: number): Running {
    const running = this.#running.get(version);
    if (running === undefined) throw new TypeError(`there is no version ${version}`);
    return running;
  }

  #standsAt(session: TaskSession): number {
    return Number(session.nextOffset(this.#course.topic));
  }

  #fails(version: number, offset: number): boolean {
    const breaks = this.#attempts[offset]?.breaks ?? 0;
    return (breaks & (1 << version)) !== 0 && !this.#mended.has(`${version} ${offset}`);
  }

  async #read(from: number, until: number): Promise<RecordBatch[]> {
    const { topic } = this.#course;
    const batches: RecordBatch[] = [];
    const position = { topic, partition: 0, offset: BigInt(from), untilOffset: BigInt(until) };
    for await (const batch of this.#world.app.log.read([position])) {
      batches.push(batch.nextOffset > until ? splitBatch(batch, until)[0] : batch);
    }
    return batches;
  }
}

function pick<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items.length === 0 ? undefined : items[choice % items.length];
}
