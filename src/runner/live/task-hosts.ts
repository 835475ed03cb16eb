import type { TopicDescription } from '../../log/event-log.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { planWarnings } from '../../projection/plan/plan-warnings.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import type { HostedTask, TaskHost } from '../ownership/ownership.ts';
import type { TaskSelection } from '../ownership/task-selection.ts';
import { parseTaskSelection } from '../ownership/task-selection.ts';
import { Watchdog } from '../ownership/watchdog.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import type { Run } from '../store/instance-store.ts';
import type { LogBeginning } from '../store/journal-store.ts';
import { forgetBefore } from '../store/journal-store.ts';
import type { TaskKey } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';
import { readVersion } from '../store/version-store.ts';
import { ensureVersion } from './ensure-version.ts';
import type { LiveTask } from './live-task.ts';
import { matchPartitions } from './match-partitions.ts';
import { ProjectionRunner } from './projection-runner.ts';

/** Interval of checking topics for added partitions. Milliseconds. */
const LOOK_EVERY_MS = 5_000;
/** How long a task may make no progress before the end of its log. Milliseconds. */
const STALLED_MS = 60_000;

/**
 * The projections of this process: which of them may run now, and the tasks that this process owns.
 */
export class TaskHosts implements TaskHost {
  readonly #settings: RunnerSettings;
  readonly #plans: readonly Plan[];
  readonly #runners: readonly ProjectionRunner[];
  readonly #onStopRequested: () => void;
  /** By projection name: when its topics were last described. Monotonic milliseconds. */
  readonly #lookedAt = new Map<string, number>();
  /** Names of projections whose topics are being described in the background. */
  readonly #looking = new Set<string>();
  /** The last known start offset of each partition, by projection and topic. */
  readonly #beginnings = new Map<string, bigint>();
  readonly #selection: TaskSelection | null;
  readonly #warned = new Set<string>();
  readonly #stalledMs: number;
  readonly #watchdog: Watchdog;

  constructor(settings: RunnerSettings, plans: readonly Plan[], onStopRequested: () => void) {
    this.#settings = settings;
    this.#stalledMs = settings.stalledMs ?? STALLED_MS;
    this.#watchdog = new Watchdog(this.#stalledMs);
    this.#plans = plans;
    this.#runners = plans.map((plan) => new ProjectionRunner(settings, plan));
    this.#onStopRequested = onStopRequested;
    this.#selection = parseTaskSelection(settings.confinedTo ?? null, plans);
  }

  /**
   * Creates the tables of projections that were never stored. @throws VERSION_NOT_RAISED,
   * REGISTRY_MISMATCH
   */
  async prepare(): Promise<void> {
    await this.#assertRegistry();
    for (const plan of this.#plans) {
      await ensureVersion(this.#settings, plan);
      warnOfCaptures(plan, this.#settings.logger);
      warnOfPlan(plan, this.#settings.logger);
    }
  }

  declares(projection: string): boolean {
    return this.#plans.some(({ name }) => name === projection);
  }

  /** Ignores an unavailable log: the tasks wait for it and retry their reads. */
  async #assertRegistry(): Promise<void> {
    const topics = this.#plans.flatMap(({ sources }) => sources.map(({ event }) => event.topic));
    try {
      await this.#settings.log.assertRegistry?.([...new Set(topics)]);
    } catch (error) {
      if (!isRepriseError(error, 'LOG_UNAVAILABLE')) throw error;
    }
  }

  /**
   * Returns every declared version that is built, with its partitions if `tasks` of the
   * configuration names them.
   */
  async runs(): Promise<readonly Run[]> {
    const runs: Run[] = [];
    for (const plan of this.#plans) {
      const { name: projection, version } = plan;
      const partitions = this.#selection === null ? null : this.#selection.get(projection);
      if (partitions === undefined || !(await this.#isBuilt(plan))) continue;
      await this.#lookAtPartitions(plan);
      runs.push({ projection, version, partitions });
    }
    return runs;
  }

  tasks(): ReadonlyMap<string, HostedTask> {
    return new Map(
      this.#runners.flatMap((runner) =>
        [...runner.phases].map(([partition, phase]) => {
          const key = keyOf(runner.plan, partition);
          const acknowledged = runner.task(partition)?.acknowledged ?? null;
          return [taskLabel(key), { key, phase, acknowledged }] as const;
        }),
      ),
    );
  }

  async own(key: TaskKey): Promise<void> {
    await this.#runnerOf(key)?.own(key.partition);
  }

  async handBack(key: TaskKey): Promise<void> {
    await this.#runnerOf(key)?.handBack(key.partition);
  }

  regressed(key: TaskKey): void {
    this.#runnerOf(key)
      ?.task(key.partition)
      ?.fail(
        new RepriseError(
          'OFFSET_MISMATCH',
          `Postgres holds less of ${taskLabel(key)} than it had acknowledged: a standby without the last commits was promoted, or a backup was restored. The task restarts from what is there.`,
          { retriable: true },
        ),
      );
  }

  onStopRequested(): void {
    this.#onStopRequested();
  }

  /**
   * Shows in all running tasks that the log is unavailable (the reason) or available (null). May be
   * called repeatedly.
   */
  logIsAway(reason: Error | null): void {
    for (const runner of this.#runners) {
      for (const task of runner.running()) task.logIsAway(reason);
    }
  }

  /** Returns one runner for each declared projection. */
  runners(): readonly ProjectionRunner[] {
    return this.#runners;
  }

  /**
   * Hands all tasks back. After `graceMs`, tasks that still wait for infrastructure are aborted.
   */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.stop(graceMs)));
  }

  #runnerOf({ projection, version }: TaskKey): ProjectionRunner | undefined {
    return this.#runners.find(({ plan }) => plan.name === projection && plan.version === version);
  }

  /**
   * Opens a task again, with a log line, if it makes no progress although the log has more records.
   */
  #watch(task: LiveTask, topics: ReadonlyMap<string, TopicDescription>): void {
    const label = taskLabel(task.key);
    for (const { topic, partitions } of topics.values()) {
      const stableEndOffset = partitions[task.key.partition]?.stableEndOffset ?? 0n;
      const nextOffset = task.committedOffset(topic);
      const name = `${label} ${topic}`;
      if (!this.#watchdog.isStalled({ name, nextOffset, stableEndOffset }, performance.now()))
        continue;
      this.#settings.logger.error(
        { task: label, topic, nextOffset, stableEndOffset },
        'no progress',
      );
      task.fail(
        new RepriseError(
          'NO_PROGRESS',
          `${label} has been at ${topic}@${nextOffset} for ${this.#stalledMs / 1000} s although the log ends at ${stableEndOffset}. The task restarts from there.`,
          { retriable: true },
        ),
      );
    }
  }

  async #isBuilt(plan: Plan): Promise<boolean> {
    const stored = await inTransaction(this.#settings.pool, (client) =>
      readVersion(client, plan.name, plan.version),
    );
    const state = stored?.state;
    if (state === 'active' || state === 'ready') return true;
    if (!this.#warned.has(plan.name)) {
      this.#warned.add(plan.name);
      this.#settings.logger.warn(
        { projection: plan.name, version: plan.version },
        `not built yet, so not run; build it with: reprise rebuild ${plan.name}`,
      );
    }
    return false;
  }

  /**
   * Waits for the first description of the topics. Later ones only detect added partitions: an
   * unavailable log must not delay the heartbeat, and with it the lease.
   */
  async #lookAtPartitions(plan: Plan): Promise<void> {
    const before = this.#lookedAt.get(plan.name);
    if (before === undefined) {
      return this.#lookNow(plan).catch((error: unknown) => {
        throw readerOf(plan, error);
      });
    }
    if (this.#looking.has(plan.name) || performance.now() - before < LOOK_EVERY_MS) return;
    this.#looking.add(plan.name);
    void this.#lookNow(plan)
      .catch(() => undefined)
      .finally(() => {
        this.#looking.delete(plan.name);
        this.#lookedAt.set(plan.name, performance.now());
      });
  }

  /** Creates the tasks of added partitions, and watches the running tasks for progress. */
  async #lookNow(plan: Plan): Promise<void> {
    const topics = await this.#settings.log.describe(topicsOf(plan));
    const runner = this.#runnerOf(keyOf(plan, 0));
    const problem = await matchPartitions(this.#settings, plan, topics);
    if (problem !== null) runner?.refuse(problem);
    for (const task of runner?.running() ?? []) this.#watch(task, topics);
    await this.#forgetDeleted(plan, topics);
    this.#lookedAt.set(plan.name, performance.now());
  }

  /** Deletes journal entries before the start of the log, when that start has moved. */
  async #forgetDeleted(plan: Plan, topics: ReadonlyMap<string, TopicDescription>): Promise<void> {
    const later = beginningsOf(topics).filter(
      ({ topic, partition, startOffset }) =>
        startOffset > (this.#beginnings.get(`${plan.name} ${topic} ${partition}`) ?? 0n),
    );
    if (later.length === 0) return;
    await forgetBefore(this.#settings.pool, plan, later);
    for (const { topic, partition, startOffset } of later) {
      this.#beginnings.set(`${plan.name} ${topic} ${partition}`, startOffset);
    }
  }
}

function beginningsOf(topics: ReadonlyMap<string, TopicDescription>): readonly LogBeginning[] {
  return [...topics.values()].flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, startOffset }) => ({ topic, partition, startOffset })),
  );
}

/** Adds to the error for a missing topic which projection reads it. */
function readerOf({ name, version }: Plan, error: unknown): unknown {
  if (!isRepriseError(error, 'UNKNOWN_TOPIC')) return error;
  const topic = String(error.facts['topic'] ?? 'a topic');
  return new RepriseError(
    'UNKNOWN_TOPIC',
    `${name} v${version} reads ${topic}, which does not exist; nothing was started. Add its event to "events" in the configuration, so that the start creates the topic, or create it (with as many partitions as the other topics of the projection), or correct the "topic" of its schema.`,
    { cause: error, facts: { ...error.facts, projection: name, version } },
  );
}

function keyOf({ name, version }: Plan, partition: number): TaskKey {
  return { projection: name, version, partition };
}

/**
 * Warns that a captured value may change although the text of the function, and so the version,
 * does not.
 */
function warnOfCaptures({ name, captures }: Plan, logger: RunnerSettings['logger']): void {
  if (captures.length === 0) return;
  logger.warn(
    { projection: name, captures },
    'functions use names from outside; a change of their values is not detected, so raise the version with it',
  );
}

function warnOfPlan(plan: Plan, logger: RunnerSettings['logger']): void {
  for (const warning of planWarnings(plan)) logger.warn({ projection: plan.name }, warning);
}
