import { createEventEncoder } from '../avro/decode/event-encoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { recordKeyOf } from '../event/record-key-of.ts';
import type { DeadLetter, LateEvent } from '../fold/task/task-fold.ts';
import { batchOfRecords } from '../log/batch-of-records.ts';
import { compileProjection } from '../projection/compile/compile-projection.ts';
import type { Plan } from '../projection/plan/plan.ts';
import type { Projection, RowOf } from '../projection/plan/projection.ts';
import type { RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import type { Happening } from './happening.ts';
import type { MemoryRecord, PublishPlace } from './memory-log.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryTask } from './memory-task.ts';
import { shownRows } from './shown-rows.ts';
import { spoilBatch } from './spoil-batch.ts';
import type { Given } from './with-dates.ts';

/** A published event, as a consumer of its topic gets it. */
export interface Alert {
  /** Name of the event definition. */
  readonly event: string;
  /** Deterministic id: the same in every replay. */
  readonly id: string;
  readonly key: string | null;
  readonly value: unknown;
  readonly timestampMs: number;
}

/** Options of a scenario. */
export interface ScenarioOptions {
  /** Default 1. */
  readonly partitions?: number;
  /**
   * `live` (default): flushes after every event. `replay`: folds as a rebuild does. `manual`:
   * flushes only in `flush`.
   */
  readonly mode?: 'live' | 'replay' | 'manual';
}

type Values = Readonly<Record<string, unknown>>;

type Step =
  | {
      readonly kind: 'record';
      readonly event: EventDefinition;
      readonly value: unknown;
      readonly record: MemoryRecord;
    }
  | { readonly kind: 'tick'; readonly partition: number; readonly quietMs: number };

/**
 * Runs a projection over a log in memory, with the plan, codec and fold of production; synchronous,
 * without Postgres and clock.
 * @example
 * const s = scenario(new LoginFraud());
 * const attempt = { userId: 'u1', result: 'FAILURE', address: '10.0.0.1' } as const;
 * for (const occurredAt of [0, 1, 2]) s.publish(LoginAttempted, { ...attempt, occurredAt });
 * s.tick(0, 60_000);
 * expect(s.rows()).toHaveLength(1);
 * expect(s.replay().rows()).toEqual(s.rows());
 */
export class Scenario<P extends Projection = Projection> {
  readonly plan: Plan;
  readonly #options: Required<ScenarioOptions>;
  readonly #log: MemoryLog;
  readonly #tasks: readonly MemoryTask[];
  readonly #steps: Step[] = [];

  constructor(projection: P | Plan, options: ScenarioOptions = {}, log?: MemoryLog) {
    this.plan = 'define' in projection ? compileProjection(projection) : projection;
    this.#options = { partitions: 1, mode: 'live', ...options };
    const { partitions, mode } = this.#options;
    this.#log = log ?? new MemoryLog(partitions);
    const taskMode = mode === 'replay' ? this.plan.rebuild : 'live';
    this.#tasks = Array.from(
      { length: partitions },
      () => new MemoryTask(this.plan, taskMode, this.#log.schemaById),
    );
  }

  /**
   * Publishes an event and folds it. Ignores an event that the projection does not name, as on the
   * log. @throws ENCODE_FAILED; TypeError if the projection does not read the event's topic
   * @example
   * const attempt = { userId: 'u1', result: 'FAILURE', address: '10.0.0.1' } as const;
   * scenario(new LoginFraud()).publish(LoginAttempted, { ...attempt, occurredAt: 0 });
   */
  publish<Event>(
    event: EventDefinition<Event>,
    value: Given<Event>,
    place: PublishPlace = {},
  ): this {
    const definition = event as EventDefinition;
    this.#requireTopic(definition);
    const record = this.#log.append(definition, value, place);
    return this.#take([{ kind: 'record', event: definition, value, record }]);
  }

  /**
   * Writes a tombstone (a record without a value) to the topic of an event, and folds it. @throws
   * TypeError if the projection does not read the topic
   * @example
   * scenario(new LoginFraud()).tombstone(LoginAttempted, 'u1');
   */
  tombstone<Event>(
    event: EventDefinition<Event>,
    key: string | null,
    place: PublishPlace = {},
  ): this {
    const definition = event as EventDefinition;
    this.#requireTopic(definition);
    const record = this.#log.appendTombstone(event.topic, key, place);
    return this.#take([{ kind: 'record', event: definition, value: null, record }]);
  }

  /**
   * Records a tick: partition `partition` has been quiet for this long since its last event.
   * Watermark = largest event time + quietMs − lateness.
   * @example
   * scenario(new LoginFraud(), { partitions: 2 }).tick(1, 60_000);
   */
  tick(partition: number, quietMs: number): this {
    return this.#take([{ kind: 'tick', partition, quietMs }]);
  }

  /**
   * Plays these happenings one by one; see `occurred` and `quiet`.
   * @example
   * const ada = occurred(CustomerRegistered, { customerId: 'c1', name: 'Ada', occurredAt: 0 });
   * const byron = occurred(CustomerRegistered, { customerId: 'c1', name: 'Byron', occurredAt: 1 });
   * const s = scenario(new AccountOverview()).play(ada, byron);
   */
  play(...happenings: readonly Happening[]): this {
    for (const each of happenings) {
      if (each.kind === 'tick') this.tick(each.partition, each.quietMs);
      else if (each.kind === 'tombstone') this.tombstone(each.event, each.key, each.place);
      else this.publish(each.event, each.value as Given<unknown>, each.place);
    }
    return this;
  }

  /**
   * Returns the rows of the stable view (or of another table, by its name in the projection), typed
   * as queries return them, sorted by key.
   * @example
   * const s = scenario(new AccountOverview());
   * s.publish(CustomerRegistered, { customerId: 'c1', name: 'Ada', occurredAt: 0 });
   * expect(s.rows('customers')).toEqual([{ customer_id: 'c1', name: 'Ada' }]);
   */
  rows(table?: string): readonly (RowOf<P> extends object ? RowOf<P> : never)[] {
    const name = table === undefined ? this.plan.name : `${this.plan.name}_${table}`;
    const plan = this.plan.tables.find((each) => each.name === name && each.view !== null);
    if (plan === undefined) throw new TypeError(`${this.plan.name} has no read model ${name}.`);
    return shownRows(this.plan, plan, this.storedRows(plan)) as never;
  }

  /**
   * Returns the events published so far, in order; with a definition: the values of that event.
   * @example
   * const published: readonly FraudSuspected[] = scenario(new LoginFraud()).alerts(FraudSuspected);
   * expect(published).toEqual([]);
   */
  alerts(): readonly Alert[];
  alerts<Event>(event: EventDefinition<Event>): readonly Event[];
  alerts(event?: EventDefinition): readonly unknown[] {
    const emissions = this.#tasks.flatMap((task) => task.emissions);
    for (const each of emissions) createEventEncoder(each.event).encode(each.value, 0);
    if (event !== undefined) {
      return emissions.flatMap((each) => (each.event === event ? [each.value] : []));
    }
    return emissions.map((each): Alert => {
      const key = recordKeyOf(each.event, each.value);
      const { id, value, timestampMs } = each;
      return { event: each.event.name, id, key: key?.toString() ?? null, value, timestampMs };
    });
  }

  /**
   * Returns the late events, which were not folded.
   * @example
   * const s = scenario(new LoginFraud());
   * const attempt = { userId: 'u1', result: 'FAILURE', address: '10.0.0.1' } as const;
   * for (const occurredAt of [9, 0]) s.publish(LoginAttempted, { ...attempt, occurredAt });
   * expect(s.lateEvents()).toHaveLength(1);
   */
  lateEvents(): readonly LateEvent[] {
    return this.#tasks.flatMap((task) => task.lateEvents);
  }

  /**
   * Returns the records that could not be folded.
   * @example
   * const s = scenario(new LoginFraud());
   * const attempt = { userId: 'u1', result: 'FAILURE', address: '10.0.0.1' } as const;
   * s.publish(LoginAttempted, { ...attempt, occurredAt: 86_400_000 }, { timestamp: 0 });
   * expect(s.deadLetters().map(({ reason }) => reason)).toEqual(['FUTURE']);
   */
  deadLetters(): readonly DeadLetter[] {
    return this.#tasks.flatMap((task) => task.deadLetters);
  }

  /**
   * Returns the watermark of a partition in milliseconds; null before its first event.
   * @example
   * const s = scenario(new LoginFraud());
   * const attempt = { userId: 'u1', result: 'FAILURE', address: '10.0.0.1' } as const;
   * s.publish(LoginAttempted, { ...attempt, occurredAt: 5_000 });
   * expect(s.watermark(0)).toBe(5_000);
   */
  watermark(partition: number): number | null {
    return this.#task(partition).fold.watermarkMs;
  }

  /**
   * Returns the size of the state that waits for later events: open windows and sessions, keys with
   * partial matches or buffered events.
   * @example
   * expect(scenario(new UserMetrics()).stateSize()).toBe(0);
   */
  stateSize(): number {
    return this.#tasks.reduce((sum, { fold }) => sum + fold.stateSize, 0);
  }

  /**
   * Returns the number of rows in hidden state tables.
   * @example
   * expect(scenario(new UserMetrics()).stateRows()).toBe(0);
   */
  stateRows(): number {
    const hidden = this.plan.tables.filter(({ view }) => view === null);
    const counts = this.#tasks.flatMap((task) =>
      hidden.map(({ name }) => task.tables.get(name)?.count ?? 0),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Returns the rows of a table as each partition's task stores them, including hidden columns.
   * @internal
   */
  storedRows(table: TablePlan): readonly RowSet[] {
    return this.#tasks.map((task) => task.rowsOf(table));
  }

  /**
   * Commits what was folded (needed only in `manual` mode).
   * @example
   * const s = scenario(new LoginFraud(), { mode: 'manual' });
   * const attempt = { userId: 'u1', result: 'FAILURE', address: '10.0.0.1' } as const;
   * s.publish(LoginAttempted, { ...attempt, occurredAt: 0 }).flush();
   */
  flush(): this {
    for (const task of this.#tasks) task.flush();
    return this;
  }

  /**
   * Discards memory, as a crash does, and resumes from the stored rows. Folds again what was not
   * flushed.
   * @example
   * const s = scenario(new LoginFraud(), { mode: 'manual' });
   * const attempt = { userId: 'u1', result: 'FAILURE', address: '10.0.0.1' } as const;
   * s.publish(LoginAttempted, { ...attempt, occurredAt: 0 }).restart();
   */
  restart(): this {
    for (const task of this.#tasks) task.restart();
    return this;
  }

  /**
   * Folds the same log and ticks from the beginning, as a rebuild does.
   * @example
   * const s = scenario(new LoginFraud());
   * expect(s.replay().rows()).toEqual(s.rows());
   */
  replay(options: ScenarioOptions = {}): Scenario<P> {
    const { partitions } = this.#options;
    const again = new Scenario<P>(this.plan, { mode: 'replay', ...options, partitions }, this.#log);
    again.#take(this.#steps);
    return again.#options.mode === 'manual' ? again : again.flush();
  }

  /**
   * Creates a scenario over the same log that has folded nothing and flushes only in `flush`.
   * @internal
   */
  fresh(): Scenario<P> {
    const { partitions } = this.#options;
    return new Scenario<P>(this.plan, { mode: 'manual', partitions }, this.#log);
  }

  /** The steps so far, to be folded in other batches by law checks. @internal */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /**
   * Returns the events published so far with their record positions and event times (ms). @internal
   */
  published(): readonly { readonly happening: Happening; readonly timeMs: number }[] {
    return this.#steps.flatMap((step): { happening: Happening; timeMs: number }[] => {
      if (step.kind === 'tick') return [];
      const { event, value, record } = step;
      const place = { partition: record.partition, timestamp: record.timestampMs };
      if (record.value === null) {
        const key = record.key?.toString() ?? null;
        return [
          { happening: { kind: 'tombstone', event, key, place }, timeMs: record.timestampMs },
        ];
      }
      const time = this.plan.sources.find((source) => source.event === event)?.time;
      const given = time?.kind === 'field' ? (value as Values)[time.field] : null;
      const timeMs =
        typeof given === 'bigint' ? Number(given / 1000n) : Number(given ?? record.timestampMs);
      return [{ happening: { kind: 'event', event, value, place }, timeMs }];
    });
  }

  /** Folds a part of another scenario's log as batches. @internal */
  foldSteps(steps: readonly Step[]): this {
    return this.#take(steps);
  }

  #take(steps: readonly Step[]): this {
    for (let at = 0; at < steps.length; ) {
      const step = steps[at] as Step;
      this.#steps.push(step);
      at += 1;
      if (step.kind === 'tick') {
        this.#task(step.partition).fold.tick(step.quietMs);
        if (this.#options.mode === 'live') this.#task(step.partition).flush();
        continue;
      }
      const records = [step.record];
      for (let next = steps[at]; next !== undefined && continues(records, next); next = steps[at]) {
        this.#steps.push(next);
        records.push((next as Extract<Step, { kind: 'record' }>).record);
        at += 1;
      }
      const task = this.#task(step.record.partition);
      const batch = batchOfRecords(records);
      task.foldBatch(batch);
      spoilBatch(batch);
      if (this.#options.mode === 'live') task.flush();
    }
    return this;
  }

  #requireTopic({ name, topic }: EventDefinition): void {
    const topics = new Set(this.plan.sources.map(({ event }) => event.topic));
    if (topics.has(topic)) return;
    const read = [...topics].join(', ');
    throw new TypeError(
      `${this.plan.name} does not read ${topic}, the topic of ${name}; it reads ${read}.`,
    );
  }

  #task(partition: number): MemoryTask {
    const task = this.#tasks[partition];
    if (task !== undefined) return task;
    throw new RangeError(
      `There is no partition ${partition}; the scenario has ${this.#tasks.length}.`,
    );
  }
}

/**
 * Creates a scenario: a projection over a log in memory; see `Scenario`.
 * @example
 * const s = scenario(new UserMetrics());
 * expect(s.rows()).toEqual([]);
 */
export function scenario<P extends Projection>(
  projection: P,
  options: ScenarioOptions = {},
): Scenario<P> {
  return new Scenario(projection, options);
}

function continues(records: readonly MemoryRecord[], next: Step): boolean {
  const last = records.at(-1) as MemoryRecord;
  return (
    next.kind === 'record' &&
    next.record.topic === last.topic &&
    next.record.partition === last.partition
  );
}
