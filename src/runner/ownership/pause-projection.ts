import type { Pool } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { markStopRequested, readStoredInstances } from '../store/instance-store.ts';
import { fenceTasks } from '../store/task-store.ts';
import { setPaused } from '../store/version-store.ts';
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
  const halted = await fenceTasks(pool, { projection }, ['halted']);
  return wasPaused || halted > 0;
}

/** Asks instances to finish and end: one, or all there are. @returns those that were asked */
export async function requestStop(pool: Pool, instance: string | null): Promise<readonly string[]> {
  await assertDatabase(pool);
  return markStopRequested(pool, instance);
}

/**
 * The instances that have not said good-bye: live ones, and those that went silent in the last ten
 * minutes.
 */
export async function readInstances(pool: Pool): Promise<readonly InstanceStatus[]> {
  await assertDatabase(pool);
  return inTransaction(pool, readStoredInstances);
}
