import type { Pool } from 'pg';
import type { InstanceStatus } from './instance-status.ts';
import { readInstances, requestStop } from './pause-projection.ts';

/**
 * The processes that run the projections.
 * @example
 * const live = (await app.instances.list()).filter(({ isLive }) => isLive);
 */
export interface Instances {
  /**
   * Reads live instances, and dead ones whose last heartbeat is less than ten minutes old.
   * @example
   * for (const { instance, isLive } of await app.instances.list()) console.log(instance, isLive);
   */
  list(): Promise<readonly InstanceStatus[]>;
  /**
   * Asks one instance, or without an argument every one, to commit, release its tasks and exit.
   * Does not wait until it has.
   * @returns the instances that were asked; empty: no live instance has that name
   * @example
   * const asked = await app.instances.stop();
   */
  stop(instance?: string): Promise<readonly string[]>;
}

/**
 * Creates the operations on the instances of a database. `pool` is called when an operation starts.
 */
export function createInstances(pool: () => Pool): Instances {
  return {
    list: async () => readInstances(pool()),
    stop: async (instance) => requestStop(pool(), instance ?? null),
  };
}
