import type { Pool } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { markStopRequested, readStoredInstances } from '../store/instance-store.ts';
import { fenceTasks } from '../store/task-store.ts';
import { setPaused } from '../store/version-store.ts';
import type { InstanceStatus } from './instance-status.ts';

/**
 * Makes every instance hand back the projection's tasks after their current flush, and take none
 * until `resume`. Survives restarts. @throws UNKNOWN_PROJECTION
 */
export async function pauseProjection(pool: Pool, projection: string): Promise<void> {
  await setPaused(pool, projection, true);
}

/**
 * Lets the projection's tasks run again. Halted tasks are tried once more. @returns whether it was
 * paused or had halted tasks. @throws UNKNOWN_PROJECTION
 */
export async function resumeProjection(pool: Pool, projection: string): Promise<boolean> {
  const wasPaused = await setPaused(pool, projection, false);
  const halted = await fenceTasks(pool, { projection }, ['halted']);
  return wasPaused || halted > 0;
}

/**
 * Asks one instance, or all (null), to commit, hand back their tasks and exit. @returns the
 * instances that were asked
 */
export async function requestStop(pool: Pool, instance: string | null): Promise<readonly string[]> {
  await assertDatabase(pool);
  return markStopRequested(pool, instance);
}

/**
 * Reads the instances that have not released their lease: live ones, and those that died in the
 * last ten minutes.
 */
export async function readInstances(pool: Pool): Promise<readonly InstanceStatus[]> {
  await assertDatabase(pool);
  return inTransaction(pool, readStoredInstances);
}
