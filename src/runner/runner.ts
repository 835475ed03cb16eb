import { setTimeout as delay } from 'node:timers/promises';
import type { TrackedPool } from '../postgres/tracked-pool.ts';
import { trackConnections } from '../postgres/tracked-pool.ts';
import type { Plan } from '../projection/plan/plan.ts';
import { RepriseError } from '../reprise-error.ts';
import { ShownOffsets } from './live/shown-offsets.ts';
import { TaskHosts } from './live/task-hosts.ts';
import { OutboxRelay } from './outbox/outbox-relay.ts';
import { Ownership } from './ownership/ownership.ts';
import type { RunnerSettings } from './settings/runner-settings.ts';
import { PartsWatch } from './status/parts-watch.ts';
import { assertDatabase } from './store/assert-database.ts';
import type { ProjectionVersion } from './store/projection-version.ts';

/** Counters of this process's runner, for live views. They only grow, from 0 at the start. */
export interface RunnerCounters extends ProjectionVersion {
  readonly recordsFolded: number;
  readonly rowsWritten: number;
  readonly flushes: number;
  readonly lateEvents: number;
  readonly deadLetters: number;
}

/** A task of this process. */
export interface RunnerTask extends ProjectionVersion {
  readonly partition: number;
  /**
   * `opening`: the checkpoint is validated against the log, or the task is retried after an
   * infrastructure fault.
   */
  readonly phase: 'opening' | 'running' | 'halted';
}

/** Folds the log into the read models in this process. */
export interface Runner {
  /**
   * `host/process/id`: name of this instance in `TaskStatus.owner` and `InstanceStatus.instance`.
   */
  readonly instance: string;
  /**
   * Takes its fair share of the tasks and folds until stopped. Resolves once the first tasks it
   * took run or have failed to open, or once it is stopped; it continues to share tasks with other
   * instances. A second call joins the first. @throws CLOSED after `stop`: a stopped runner is not
   * started again
   * @example
   * await app.runner.start();
   */
  start(): Promise<void>;
  /**
   * Commits or rolls back batches in progress within `graceMs` (default 10,000), then hands the
   * tasks back. Statements that take longer are cancelled, and abandoned three seconds later.
   * Idempotent.
   * @example
   * await app.runner.stop({ graceMs: 5_000 });
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /**
   * @example
   * for (const { name, recordsFolded } of app.runner.counters()) console.log(name, recordsFolded);
   */
  counters(): readonly RunnerCounters[];
  /**
   * Returns the current tasks of this process, in the order of the configuration.
   * @example
   * const halted = app.runner.tasks().filter(({ phase }) => phase === 'halted');
   */
  tasks(): readonly RunnerTask[];
  /** Aborts when `reprise stop` asked this instance to end. Call `stop` then. */
  readonly stopRequested: AbortSignal;
}

const GRACE_MS = 10_000;
const LEASE_MS = 10_000;
/**
 * How long to wait, after the grace period, for statements that are being cancelled. Milliseconds.
 */
const GIVE_UP_MS = 3_000;
const END_EVERY_MS = 100;

/**
 * Creates a runner of the declared projections in this process. It shares their tasks with other
 * instances. States:
 * *new* → `start` → *running* → `stop` → *stopped*. A second `start` joins the first. A `start`
 * that failed may be repeated. A stopped runner is not started again (CLOSED).
 */
export function createRunner(settings: RunnerSettings, plans: readonly Plan[]): Runner {
  return new SharedRunner(settings, plans);
}

class SharedRunner implements Runner {
  readonly instance: string;
  readonly stopRequested: AbortSignal;
  readonly #settings: RunnerSettings;
  /** The connections of the tasks and the relay, whose statements can be cancelled. */
  readonly #connections: TrackedPool;
  readonly #relay: OutboxRelay;
  readonly #hosts: TaskHosts;
  readonly #shown: ShownOffsets;
  readonly #watch: PartsWatch;
  readonly #ownership: Ownership;
  #started: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(settings: RunnerSettings, plans: readonly Plan[]) {
    const { pool, logger, owner: instance, leaseMs = LEASE_MS } = settings;
    const requested = new AbortController();
    this.instance = instance;
    this.stopRequested = requested.signal;
    this.#settings = settings;
    this.#connections = trackConnections(pool);
    const working = { ...settings, pool: this.#connections.pool };
    this.#relay = new OutboxRelay(working);
    const waking: RunnerSettings = { ...working, onEmissions: () => this.#relay.wake() };
    const hosts = new TaskHosts(waking, plans, () => requested.abort());
    this.#hosts = hosts;
    this.#shown = new ShownOffsets(settings, () => hosts.runners());
    this.#watch = new PartsWatch(settings, plans, (reason) => hosts.logIsAway(reason));
    this.#ownership = new Ownership({ pool, logger, instance, leaseMs }, hosts);
  }

  async start(): Promise<void> {
    if (this.#stopped !== null) throw stoppedAlready();
    this.#started ??= this.#start();
    await this.#started;
  }

  async stop({ graceMs = GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stopWithin(graceMs);
    await this.#stopped;
  }

  counters(): readonly RunnerCounters[] {
    return this.#hosts
      .runners()
      .map(({ plan, counters }) => ({ name: plan.name, version: plan.version, ...counters }));
  }

  tasks(): readonly RunnerTask[] {
    return [...this.#hosts.tasks().values()].map(
      ({ key: { projection: name, version, partition }, phase }) => ({
        ...{ name, version, partition, phase },
      }),
    );
  }

  async #start(): Promise<void> {
    const { pool, ownRun } = this.#settings;
    try {
      await assertDatabase(pool);
      await this.#hosts.prepare();
      if (this.#stopped === null) {
        this.#watch.start();
        await this.#ownership.start();
      }
    } catch (error) {
      this.#started = null;
      // An error caused by `stop` is not a failure of `start`.
      if (this.#stopped === null) {
        this.#watch.stop();
        throw error;
      }
    }
    if (this.#stopped !== null) return;
    this.#relay.start();
    this.#shown.start();
    if (ownRun !== undefined) ownRun.isUnderWay = true;
  }

  /**
   * Stops the work. What is still in progress after the grace period is cancelled. What does not
   * end then is left to the fence.
   */
  async #stopWithin(graceMs: number): Promise<void> {
    const finished = new AbortController();
    const { signal } = finished;
    const giveUp = async () => {
      await delay(graceMs, undefined, { signal });
      // Statements outlive the signal that aborts a task: the server cancels them, or the
      // connection is closed.
      const untilMs = performance.now() + GIVE_UP_MS;
      while (performance.now() < untilMs) {
        await this.#connections.endStatements();
        await delay(END_EVERY_MS, undefined, { signal });
      }
      this.#settings.logger.warn({ graceMs }, 'stopped; work still in progress is fenced');
    };
    const work = this.#finish(graceMs).finally(() => finished.abort());
    await Promise.race([work, giveUp().catch(() => work)]);
  }

  async #finish(graceMs: number): Promise<void> {
    const { ownRun } = this.#settings;
    if (ownRun !== undefined) ownRun.isUnderWay = false;
    this.#watch.stop();
    const untilMs = performance.now() + graceMs;
    await this.#ownership.stop(graceMs);
    await this.#shown.stop(() => this.#hosts.stop(Math.max(0, untilMs - performance.now())));
    await this.#ownership.release();
    await this.#relay.stop();
  }
}

function stoppedAlready(): RepriseError {
  return new RepriseError(
    'CLOSED',
    'This runner was stopped, and a stopped runner is not started again. Create another application (createReprise), or pause projections instead: app.pause(name), app.resume(name).',
  );
}
