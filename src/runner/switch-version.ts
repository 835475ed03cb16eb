import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { Plan } from '../projection/plan.ts';
import { releaseHeld } from './outbox-store.ts';
import { setActiveVersion, setVersionState } from './version-store.ts';
import { swapViews } from './version-tables.ts';

const POLL_MS = 20;

/** How far a version has to go before it may take another's place. */
export interface Behind {
  readonly topic: string;
  readonly partition: number;
  /** Where it stands; 0 where it has not begun. */
  readonly offset: bigint;
  readonly untilOffset: bigint;
}

/**
 * Switches a projection from one version to another, in the caller's transaction, which holds `lockProjection`: 1 lock the tasks of both, 2 require the other at or past the
 * active one on every partition, 3 swap the views, 4 raise the old version's epochs, so that no flush of it that began before the switch commits after it, 5 release the
 * events that only the other came to. @returns where the other is behind; nothing is changed then
 */
export async function switchVersion(
  client: ClientBase,
  target: {
    readonly to: Pick<Plan, 'name' | 'version' | 'tables'>;
    /** The active version; null: none yet. */
    readonly from: number | null;
    /** How long to wait, with the active version held still, for whoever runs the other to catch up. Milliseconds; default 0. */
    readonly waitMs?: number;
    /** Given how far the other is behind, with the active version held still: the last lap, on connections of its own, before the other is held too. Default: none. */
    readonly lastLap?: (behind: readonly Behind[]) => Promise<void>;
  },
): Promise<readonly Behind[]> {
  const { to, from, waitMs = 0, lastLap } = target;
  if (from !== null) {
    await lockTasks(client, to.name, from); // 1
    await waitFor(waitMs, async () => (await findBehind(client, to, from)).length === 0);
    await lastLap?.(await findBehind(client, to, from));
    await lockTasks(client, to.name, to.version); // 1
    const behind = await findBehind(client, to, from); // 2
    if (behind.length > 0) return behind;
  }
  await swapViews(client, to); // 3
  await setVersionState(client, { projection: to.name, version: to.version }, 'active');
  await setActiveVersion(client, { projection: to.name, version: to.version, previous: from });
  if (from === null) return [];
  await setVersionState(client, { projection: to.name, version: from }, 'ready');
  await client.query(
    `update reprise.tasks set epoch = epoch + 1, owner = null, state = 'idle', lease_until = clock_timestamp()
     where projection = $1 and version = $2`,
    [to.name, from],
  ); // 4
  await releaseHeld(client, { projection: to.name, from, to: to.version }); // 5
  return [];
}

async function lockTasks(client: ClientBase, projection: string, version: number): Promise<void> {
  await client.query(
    'select 1 from reprise.tasks where projection = $1 and version = $2 order by partition for update',
    [projection, version],
  );
}

async function waitFor(waitMs: number, isDone: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + waitMs;
  while (performance.now() < untilMs && !(await isDone())) await delay(POLL_MS);
}

async function findBehind(
  client: ClientBase,
  to: { readonly name: string; readonly version: number },
  active: number,
): Promise<readonly Behind[]> {
  const { rows } = await client.query<{
    topic: string;
    partition: number;
    offset: string;
    next_offset: string;
  }>(
    `select old.topic, old.partition, old.next_offset, coalesce(new.next_offset, 0) as offset
     from reprise.checkpoints old
     left join reprise.checkpoints new on new.projection = old.projection and new.version = $3
       and new.partition = old.partition and new.topic = old.topic
     where old.projection = $1 and old.version = $2
       and coalesce(new.next_offset, -1) < old.next_offset
     order by old.topic, old.partition`,
    [to.name, active, to.version],
  );
  return rows.map((row) => ({
    topic: row.topic,
    partition: row.partition,
    offset: BigInt(row.offset),
    untilOffset: BigInt(row.next_offset),
  }));
}
