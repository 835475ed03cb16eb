import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase, Pool } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { LiveInstance } from '../store/instance-store.ts';
import { liveInstances, mayRun, readHeartbeats } from '../store/instance-store.ts';
import { readTaskPartitions } from '../store/task-store.ts';

const LOOK_EVERY_MS = 100;
/**
 * Number of heartbeats after which an instance's list of versions is recent: the stored one, one
 * whose list may have been computed before the first look, and one computed after it.
 */
const HEARTBEATS = 3;
/**
 * A live instance sends that many heartbeats within this time. One that does not is about to be
 * dead. Milliseconds.
 */
const HEARTBEATS_MS_MAX = 15_000;

/** A switch of a projection from one version to another. */
interface Switch {
  readonly projection: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Returns the partitions that no instance would run after a switch: live instances run the current
 * version there, and none would run the other. Empty if no instance runs the current version: then
 * the switch stops nothing. Each heartbeat of an instance lists the versions that it runs.
 * `patient`: wait for the next heartbeats of every instance before a partition counts as left
 * alone.
 */
export async function partitionsLeftAlone(
  pool: Pool,
  wanted: Switch,
  { patient }: { readonly patient: boolean },
): Promise<readonly number[]> {
  const sinceMs = performance.now();
  const seen = new Map<string, ReadonlySet<string>>();
  for (;;) {
    const look = await inTransaction(pool, (client) => lookAround(client, wanted));
    for (const { instance, heartbeatAt } of look.heartbeats) {
      seen.set(instance, new Set([...(seen.get(instance) ?? []), heartbeatAt]));
    }
    const isHeard = look.heartbeats.every(
      ({ instance }) => (seen.get(instance)?.size ?? 0) >= HEARTBEATS,
    );
    const isOver = performance.now() - sinceMs > HEARTBEATS_MS_MAX;
    if (look.partitions.length === 0 || isHeard || isOver || !patient) return look.partitions;
    await delay(LOOK_EVERY_MS);
  }
}

interface Look {
  readonly partitions: readonly number[];
  /** Heartbeats of the instances that are not stopping. Read before the versions that they run. */
  readonly heartbeats: readonly { readonly instance: string; readonly heartbeatAt: string }[];
}

async function lookAround(client: ClientBase, { projection, from, to }: Switch): Promise<Look> {
  const heartbeats = await readHeartbeats(client);
  const staying = (await liveInstances(client)).filter(({ stopRequested }) => !stopRequested);
  const tasks = await readTaskPartitions(client, { projection, version: from });
  const partitions = tasks.filter((partition) => {
    const isRun = (version: number) => anyRuns(staying, { projection, version, partition });
    return isRun(from) && !isRun(to);
  });
  const names = new Set(staying.map(({ instance }) => instance));
  return { partitions, heartbeats: heartbeats.filter(({ instance }) => names.has(instance)) };
}

function anyRuns(
  instances: readonly LiveInstance[],
  task: { readonly projection: string; readonly version: number; readonly partition: number },
): boolean {
  return instances.some(({ runs }) => mayRun(runs, task));
}
