import type { Pool } from 'pg';
import { RepriseError } from '../../reprise-error.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { inTransaction } from '../store/in-transaction.ts';
import type { InstanceStatus } from './instance-status.ts';

/**
 * Has every instance give the projection's tasks back after the flush under way, and none take them
 * until `resume`. Survives restarts. @throws UNKNOWN_PROJECTION
 */
export async function pauseProjection(pool: Pool, projection: string): Promise<void> {
  await setPaused(pool, projection, true);
}

/**
 * Lets the projection's tasks run again; those that halted are tried once more. @returns whether it
 * was paused or had halted. @throws UNKNOWN_PROJECTION
 */
export async function resumeProjection(pool: Pool, projection: string): Promise<boolean> {
  const wasPaused = await setPaused(pool, projection, false);
  const { rowCount } = await pool.query(
    `update reprise.tasks set owner = null, state = 'idle', error = null, epoch = epoch + 1, lease_until = clock_timestamp()
     where projection = $1 and state = 'halted'`,
    [projection],
  );
  return wasPaused || rowCount !== 0;
}

/** @returns whether it was paused before */
async function setPaused(pool: Pool, projection: string, paused: boolean): Promise<boolean> {
  await assertDatabase(pool);
  const { rows } = await pool.query<{ before: boolean }>(
    `update reprise.projections new set paused = $2 from reprise.projections old
     where new.projection = $1 and old.projection = new.projection returning old.paused as before`,
    [projection, paused],
  );
  if (rows[0] !== undefined) return rows[0].before;
  throw new RepriseError(
    'UNKNOWN_PROJECTION',
    `${projection} has never run on this database; reprise status lists what has.`,
    { facts: { projection } },
  );
}

/** Asks instances to finish and end: one, or all there are. @returns those that were asked */
export async function requestStop(pool: Pool, instance: string | null): Promise<readonly string[]> {
  await assertDatabase(pool);
  const { rows } = await pool.query<{ instance: string }>(
    `update reprise.instances set stop_requested = true
     where ($1::text is null or instance = $1) and lease_until > clock_timestamp() returning instance`,
    [instance],
  );
  return rows.map((row) => row.instance);
}

/**
 * The instances that have not said good-bye: live ones, and those that went silent in the last ten
 * minutes.
 */
export async function readInstances(pool: Pool): Promise<readonly InstanceStatus[]> {
  await assertDatabase(pool);
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Omit<InstanceStatus, 'tasks'> & { tasks: string }>(
      `select i.instance, i.started_at as "startedAt", i.beat_at as "lastHeartbeatAt",
         i.lease_until > clock_timestamp() as "isLive", i.stop_requested as "stopRequested",
         (select count(*) from reprise.tasks t where t.owner = i.instance) as tasks
       from reprise.instances i order by i.started_at, i.instance`,
    );
    return rows.map((row) => ({ ...row, tasks: Number(row.tasks) }));
  });
}
