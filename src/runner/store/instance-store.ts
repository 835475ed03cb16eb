import type { ClientBase, Pool } from 'pg';
import type { TaskKey } from './task-key.ts';

/** A projection version that an instance may run. */
export interface Run {
  readonly projection: string;
  readonly version: number;
  /** Partitions it is confined to; null: all. */
  readonly partitions: readonly number[] | null;
}

/** What an instance writes with each heartbeat. */
export interface Heartbeat {
  readonly instance: string;
  readonly leaseMs: number;
  readonly runs: readonly Run[];
}

/** An instance with a lease that has not expired. */
export interface LiveInstance {
  readonly instance: string;
  readonly runs: readonly Run[];
  readonly stopRequested: boolean;
}

/** A stored task of a projection that is not paused. */
export interface TaskRow extends TaskKey {
  readonly epoch: bigint;
  readonly flushes: bigint;
  /** Null: it has no owner, or the owner is dead. */
  readonly owner: string | null;
  readonly state: 'idle' | 'running' | 'paused' | 'halted';
  readonly unownedMs: number;
  /** Whether its version is behind the stable view. */
  readonly isActive: boolean;
}

/**
 * SQL condition on `reprise.instances i`: the instance is dead. Its lease has expired, or, sooner,
 * a heartbeat is overdue (a third of the lease) and its session has ended, unless the server was
 * restarted since. The database's clock decides.
 */
const IS_DEAD = `(i.lease_until < clock_timestamp() or (
  i.beat_at + (i.lease_until - i.beat_at) / 3 < clock_timestamp() and i.beat_at > pg_postmaster_start_time()
  and not exists (select from pg_stat_activity a where a.pid = i.backend_pid and a.backend_start = i.backend_start)))`;

/** SQL condition on `reprise.tasks t`: the task has no owner, or the owner is dead. */
export const IS_UNOWNED = `(t.owner is null or not exists (
  select from reprise.instances i where i.instance = t.owner and not ${IS_DEAD}))`;

/**
 * Whether an instance is alive: it has a lease, and the session of its last heartbeat exists. A
 * killed instance is detected at once, one that hangs when its lease expires.
 */
export async function isAlive(client: ClientBase, instance: string): Promise<boolean> {
  const { rows } = await client.query<{ alive: boolean }>(
    `select exists (select from reprise.instances i
       join pg_stat_activity a on a.pid = i.backend_pid and a.backend_start = i.backend_start
       where i.instance = $1 and i.lease_until > clock_timestamp()) as alive`,
    [instance],
  );
  return rows[0]?.alive ?? false;
}

/** Renews the lease of an instance, and records the versions that it runs. */
export async function renewLease(
  client: ClientBase,
  { instance, leaseMs, runs }: Heartbeat,
): Promise<{ readonly stopRequested: boolean }> {
  const { rows } = await client.query<{ stop_requested: boolean }>(
    `insert into reprise.instances (instance, started_at, beat_at, lease_until, backend_pid, backend_start, runs)
     select $1, clock_timestamp(), clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond',
       pg_backend_pid(), (select backend_start from pg_stat_activity where pid = pg_backend_pid()), $3
     on conflict (instance) do update set beat_at = excluded.beat_at, lease_until = excluded.lease_until,
       backend_pid = excluded.backend_pid, backend_start = excluded.backend_start, runs = excluded.runs
     returning stop_requested`,
    [instance, leaseMs, JSON.stringify(runs)],
  );
  return { stopRequested: rows[0]?.stop_requested ?? false };
}

/** Deletes an instance that ends: its tasks are free at once. */
export async function releaseLease(client: ClientBase, instance: string): Promise<void> {
  await client.query('delete from reprise.instances where instance = $1', [instance]);
}

/** Deletes instances that have been dead for ten minutes. */
export async function deleteDeadInstances(client: ClientBase): Promise<void> {
  await client.query(
    `delete from reprise.instances where lease_until < clock_timestamp() - interval '10 minutes'`,
  );
}

/** Reads the live instances, by name. */
export async function liveInstances(client: ClientBase): Promise<readonly LiveInstance[]> {
  const { rows } = await client.query<LiveInstance>(
    `select instance, runs, stop_requested as "stopRequested"
     from reprise.instances i where not ${IS_DEAD} order by instance`,
  );
  return rows;
}

/** Reads the time of the last heartbeat of every instance. */
export async function readHeartbeats(
  client: ClientBase,
): Promise<readonly { readonly instance: string; readonly heartbeatAt: string }[]> {
  const { rows } = await client.query<{ instance: string; heartbeatAt: string }>(
    'select instance, beat_at::text as "heartbeatAt" from reprise.instances',
  );
  return rows;
}

/** Asks live instances to end: one, or all (null). @returns the instances that were asked */
export async function markStopRequested(
  pool: Pool,
  instance: string | null,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ instance: string }>(
    `update reprise.instances set stop_requested = true
     where ($1::text is null or instance = $1) and lease_until > clock_timestamp() returning instance`,
    [instance],
  );
  return rows.map((row) => row.instance);
}

/** A process that runs tasks, as stored in Postgres. */
export interface InstanceStatus {
  /** `host/process/id`, as in `TaskStatus.owner`. */
  readonly instance: string;
  readonly startedAt: Date;
  /** When it last renewed its lease. */
  readonly lastHeartbeatAt: Date;
  /** Whether its lease has not expired. */
  readonly isLive: boolean;
  readonly stopRequested: boolean;
  /** Number of tasks that it owns. */
  readonly tasks: number;
}

/** Reads all stored instances, live or dead, oldest first. */
export async function readStoredInstances(client: ClientBase): Promise<readonly InstanceStatus[]> {
  const { rows } = await client.query<InstanceStatus>(
    `select i.instance, i.started_at as "startedAt", i.beat_at as "lastHeartbeatAt",
       i.lease_until > clock_timestamp() as "isLive", i.stop_requested as "stopRequested",
       (select count(*)::int from reprise.tasks t where t.owner = i.instance) as tasks
     from reprise.instances i order by i.started_at, i.instance`,
  );
  return rows;
}

/**
 * Reads the tasks of versions that may run (ready or active) of projections that are not paused.
 */
export async function runnableTasks(client: ClientBase): Promise<readonly TaskRow[]> {
  const { rows } = await client.query<
    Omit<TaskRow, 'epoch' | 'flushes'> & { epoch: string; flushes: string }
  >(
    `select t.projection, t.version, t.partition, t.epoch, t.flushes, t.state, u.owner, v.state = 'active' as "isActive",
       case when u.owner is null then extract(epoch from clock_timestamp() - greatest(t.lease_until,
         (select i.lease_until from reprise.instances i where i.instance = t.owner))) * 1000 else 0 end::float8 as "unownedMs"
     from reprise.tasks t
     join reprise.projection_versions v using (projection, version)
     join reprise.projections p using (projection),
     lateral (select case when ${IS_UNOWNED} then null else t.owner end as owner) u
     where v.state in ('ready', 'active') and not p.paused
     order by t.projection, t.version, t.partition`,
  );
  return rows.map((row) => ({
    ...row,
    epoch: BigInt(row.epoch),
    flushes: BigInt(row.flushes),
    unownedMs: row.unownedMs ?? 0,
  }));
}

/** Creates missing task rows, without an owner. */
export async function ensureTasks(
  client: ClientBase,
  run: Pick<Run, 'projection' | 'version'>,
  partitions: number,
): Promise<void> {
  await client.query(
    `insert into reprise.tasks (projection, version, partition, lease_until)
     select $1, $2, n, clock_timestamp() from generate_series(0, $3 - 1) n on conflict do nothing`,
    [run.projection, run.version, partitions],
  );
}

/** Whether an instance that runs these versions may run a task. */
export function mayRun(runs: readonly Run[], task: TaskKey): boolean {
  return runs.some(
    ({ projection, version, partitions }) =>
      projection === task.projection &&
      version === task.version &&
      (partitions === null || partitions.includes(task.partition)),
  );
}
