import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { pause } from '../../concurrency/pause.ts';
import { describeError } from '../session/open-session.ts';
import type { LiveInstance, Run, TaskRow } from '../store/instance-store.ts';
import {
  deleteDeadInstances,
  liveInstances,
  mayRun,
  releaseLease,
  renewLease,
  runnableTasks,
} from '../store/instance-store.ts';
import type { Acknowledged, TaskKey } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';
import { fairShare } from './fair-share.ts';
import { OrphanWatch } from './orphan-watch.ts';
import type { TaskPhase } from './task-phase.ts';

/** A task of this process. */
export interface HostedTask {
  readonly key: TaskKey;
  readonly phase: TaskPhase;
  /** Null while the task opens. */
  readonly acknowledged: Acknowledged | null;
}

/** Runs the tasks that `Ownership` assigns to this process. */
export interface TaskHost {
  /** Whether this process's configuration declares the projection, in any version. */
  declares(projection: string): boolean;
  /** Returns the versions and partitions that this process may run now. */
  runs(): Promise<readonly Run[]>;
  /** Returns the tasks of this process, by label. */
  tasks(): ReadonlyMap<string, HostedTask>;
  /** Takes a task. Resolves once it runs or has failed to open. */
  own(key: TaskKey): Promise<void>;
  /** Ends a task after its current flush and hands it back. */
  handBack(key: TaskKey): Promise<void>;
  /**
   * Makes a running task resume from what Postgres holds now, which is less than Postgres had
   * acknowledged.
   */
  regressed(key: TaskKey): void;
  /** Called when this instance was asked to stop. */
  onStopRequested(): void;
}

/** Settings of `Ownership`. */
export interface OwnershipSettings {
  readonly pool: Pool;
  readonly logger: Logger;
  /** Name of this process. */
  readonly instance: string;
  /** An instance without a heartbeat for this long is dead; others take its tasks. Milliseconds. */
  readonly leaseMs: number;
}

/** Heartbeats per lease: some may be lost before the lease expires. */
const HEARTBEATS_PER_LEASE = 5;
/**
 * Number of leases for which this instance must have seen a task without an owner before it logs an
 * alarm.
 */
const ALARM_LEASES = 3;

/**
 * Lets an instance share the tasks with others. It sends several heartbeats per lease (one row in
 * Postgres, by the database's clock). With each it reads the live instances and the unowned tasks,
 * and takes or hands back its fair share. Leases decide who should work; only epochs decide who may
 * commit (ADR 0001). So nothing here depends on exact time. One pool connection is reserved for
 * heartbeats, so that they never wait for flushes.
 */
export class Ownership {
  readonly #settings: OwnershipSettings;
  readonly #host: TaskHost;
  readonly #stop = new AbortController();
  #client: PoolClient | null = null;
  /** Resolves when no heartbeat is in progress and none will follow. */
  #heartbeats: Promise<void> = Promise.resolve();
  #hasHeartbeats = false;
  #hasLeft = false;
  readonly #orphans: OrphanWatch;

  constructor(settings: OwnershipSettings, host: TaskHost) {
    this.#settings = settings;
    this.#host = host;
    this.#orphans = new OrphanWatch(ALARM_LEASES * settings.leaseMs);
  }

  /**
   * Sends the first heartbeat. Resolves once the tasks that it took run or have failed to open.
   * Heartbeats then continue in the background until `stop`. @throws the error of the first
   * heartbeat
   */
  async start(): Promise<void> {
    const first = this.#heartbeat();
    this.#hasHeartbeats = true;
    this.#heartbeats = first
      .then(() => this.#repeatHeartbeats())
      .catch(() => undefined)
      .finally(() => {
        this.#hasHeartbeats = false;
      });
    await Promise.all(await first);
  }

  /**
   * Ends the heartbeats, also the first one. Stops waiting for a heartbeat in progress after
   * `graceMs`. Call `release` once the tasks have been handed back.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    await Promise.race([this.#heartbeats, pause(graceMs, undefined, { ref: false })]);
  }

  /** Releases the lease, so that the others take over. If that fails, the lease expires. */
  async release(): Promise<void> {
    const isGivenUp = this.#hasHeartbeats;
    try {
      if (!isGivenUp) await releaseLease(await this.#session(), this.#settings.instance);
    } catch (error) {
      this.#settings.logger.debug(
        { reason: describeError(error) },
        'lease not released; it expires',
      );
    }
    this.#hasLeft = true;
    this.#drop(isGivenUp);
  }

  async #repeatHeartbeats(): Promise<void> {
    const { leaseMs, logger } = this.#settings;
    let failing = false;
    while (!this.#stop.signal.aborted) {
      await pause(leaseMs / HEARTBEATS_PER_LEASE, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      try {
        // Newly taken tasks open in the background: a topic that answers slowly must not cost the
        // lease.
        void Promise.allSettled(await this.#heartbeat());
        if (failing) logger.info('heartbeats resumed');
        failing = false;
      } catch (error) {
        this.#drop(true);
        if (!failing)
          logger.warn({ reason: describeError(error) }, 'heartbeat failed; trying again');
        failing = true;
      }
    }
  }

  /** Sends one heartbeat. @returns the hand-overs that it started */
  async #heartbeat(): Promise<readonly Promise<void>[]> {
    const { instance, leaseMs } = this.#settings;
    const runs = await this.#host.runs();
    if (this.#stop.signal.aborted) return [];
    const client = await this.#session();
    const { stopRequested } = await renewLease(client, { instance, leaseMs, runs });
    if (stopRequested) {
      this.#host.onStopRequested();
      return [];
    }
    const before = this.#host.tasks();
    const instances = await liveInstances(client);
    const tasks = await runnableTasks(client);
    await deleteDeadInstances(client);
    if (this.#stop.signal.aborted) return [];
    const lost = [...before].filter(
      ([label, { phase }]) =>
        phase !== 'opening' &&
        !tasks.some((task) => task.owner === instance && taskLabel(task) === label),
    );
    const found = tasks.filter(
      (task) => task.owner === instance && !this.#host.tasks().has(taskLabel(task)),
    );
    for (const task of tasks) {
      const known = before.get(taskLabel(task));
      if (known !== undefined && hasLost(task, known)) this.#host.regressed(known.key);
    }
    const moves = this.#moves(tasks, instances);
    this.#alarm(tasks);
    return [
      ...[...lost.map(([, { key }]) => key), ...moves.handBack].map((key) =>
        this.#host.handBack(key),
      ),
      ...[...found, ...moves.take].map((key) => this.#host.own(key)),
    ];
  }

  #moves(
    tasks: readonly TaskRow[],
    instances: readonly LiveInstance[],
  ): { readonly take: readonly TaskKey[]; readonly handBack: readonly TaskKey[] } {
    const { instance, leaseMs } = this.#settings;
    const willing = instances.filter(({ stopRequested }) => !stopRequested);
    const shared = tasks.map((task) => ({
      label: taskLabel(task),
      owner: task.owner,
      unownedMs: task.unownedMs,
      eligible: willing.filter(({ runs }) => mayRun(runs, task)).map((each) => each.instance),
    }));
    const keys = new Map(tasks.map((task): [string, TaskKey] => [taskLabel(task), task]));
    const { take, handBack } = fairShare(instance, shared, { patienceMs: leaseMs });
    const keysOf = (labels: readonly string[]) => labels.map((label) => keys.get(label) as TaskKey);
    return { take: keysOf(take), handBack: keysOf(handBack) };
  }

  /** Logs each active declared task that no instance runs, once. */
  #alarm(tasks: readonly TaskRow[]): void {
    const declared = tasks.filter(
      ({ projection, isActive }) => isActive && this.#host.declares(projection),
    );
    for (const task of this.#orphans.found(declared, performance.now())) {
      this.#settings.logger.error(
        { task: taskLabel(task) },
        'no instance runs this task: start one that declares this version, or activate the version that runs',
      );
    }
  }

  /** The reserved connection. */
  async #session(): Promise<PoolClient> {
    if (this.#client !== null) return this.#client;
    const client = await this.#settings.pool.connect();
    if (!this.#hasLeft) {
      this.#client = client;
      return client;
    }
    client.release(true);
    throw new Error('the instance has left');
  }

  #drop(isBroken: boolean): void {
    this.#client?.release(isBroken);
    this.#client = null;
  }
}

/** Whether Postgres holds less of a task than it had acknowledged before this read. */
function hasLost({ epoch, flushes }: TaskRow, { phase, acknowledged }: HostedTask): boolean {
  if (phase !== 'running' || acknowledged === null) return false;
  return epoch < acknowledged.epoch || flushes < acknowledged.flushes;
}
