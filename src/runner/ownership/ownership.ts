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
  /** Null while it opens. */
  readonly acknowledged: Acknowledged | null;
}

/** What runs the tasks that the ownership gives it. */
export interface TaskHost {
  /**
   * Whether the configuration of this process has a projection of that name, whatever its version.
   */
  declares(projection: string): boolean;
  /** What this process may run now. */
  runs(): Promise<readonly Run[]>;
  /** The tasks of this process by label. */
  tasks(): ReadonlyMap<string, HostedTask>;
  /** Takes a task. Resolves once it runs or has said why not. */
  own(key: TaskKey): Promise<void>;
  /** Ends a task after its flush under way and gives it back. */
  handBack(key: TaskKey): Promise<void>;
  /**
   * Has a running task begin again from what Postgres holds now, which is less than it was told.
   */
  regressed(key: TaskKey): void;
  /** Somebody asked this instance to end. */
  onStopRequested(): void;
}

/** How an instance takes part. */
export interface OwnershipSettings {
  readonly pool: Pool;
  readonly logger: Logger;
  /** Names this process. */
  readonly instance: string;
  /** Beats stop for so long: others take its tasks. Milliseconds. */
  readonly leaseMs: number;
}

/** Beats in a lease: several may be lost before it runs out. */
const HEARTBEATS_PER_LEASE = 5;
/** Leases for which this instance must have seen a task without owner before it raises an alarm. */
const ALARM_LEASES = 3;

/**
 * The part of an instance in sharing the tasks: it beats several times per lease (one row in
 * Postgres, by the database's clock), looks who else lives and which tasks have no owner, and takes
 * and hands back its fair share. Leases decide who should work; only epochs decide who may commit
 * (ADR 0001), so nothing here needs to be right about time. One connection of the pool is kept for
 * the beats, so that they never wait behind flushes.
 */
export class Ownership {
  readonly #settings: OwnershipSettings;
  readonly #host: TaskHost;
  readonly #stop = new AbortController();
  #client: PoolClient | null = null;
  /** Resolves when no beat is under way and none will be. */
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
   * The first beat: resolves once what it took runs or has said why not. Then beats in the
   * background until `stop`. @throws what keeps it from beating at all
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
   * Ends the beats, also the first one; one under way is given up after `graceMs`. Call `release`
   * when the tasks have been handed back.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    await Promise.race([this.#heartbeats, pause(graceMs, undefined, { ref: false })]);
  }

  /**
   * Tells the others that this instance is gone. What cannot be told now, the lease tells later.
   */
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
        // What it takes opens beside the next beats: a topic that is slow to answer must not cost
        // the lease.
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

  /** One beat. @returns what was begun because of it */
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

  /** Logs each declared task that no instance runs, once. */
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

  /** The connection of the beats. */
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

/** Whether Postgres holds less of a task than it had acknowledged before it was asked. */
function hasLost({ epoch, flushes }: TaskRow, { phase, acknowledged }: HostedTask): boolean {
  if (phase !== 'running' || acknowledged === null) return false;
  return epoch < acknowledged.epoch || flushes < acknowledged.flushes;
}
