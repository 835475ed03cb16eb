import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase, Pool } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { LiveInstance } from '../store/instance-store.ts';
import { liveInstances, mayRun, readHeartbeats } from '../store/instance-store.ts';
import { readTaskPartitions } from '../store/task-store.ts';

const LOOK_EVERY_MS = 100;
/**
 * Heartbeats of an instance after which what it says is recent: the one that was there, one whose
 * answer may have been found before the look began, and one found after it.
 */
const HEARTBEATS = 3;
/** A live instance has had them within this; one that has not is about to be gone. */
const HEARTBEATS_MS_MAX = 15_000;

/** A switch of a projection from one version to another. */
interface Switch {
  readonly projection: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The partitions that a switch would leave standing still: live instances run the version in place
 * there, and none would run the other. Empty where nobody runs the version in place: nothing stands
 * still that did not before. An instance says with each heartbeat what it runs; `patient` waits for
 * the next heartbeats of every instance before a partition counts as left alone.
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
  /** Of the instances that stay, read before what they run. */
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
