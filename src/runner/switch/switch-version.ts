import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { TopicDescription } from '../../log/event-log.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { readBehind } from '../store/checkpoint-store.ts';
import { swapViews } from '../store/create-tables.ts';
import { releaseHeld } from '../store/outbox-store.ts';
import { takeOverCoverage } from '../store/take-over-coverage.ts';
import { fenceTasks, lockTasks } from '../store/task-store.ts';
import { setActiveVersion, setVersionState } from '../store/version-store.ts';

const POLL_MS = 20;

/** The offsets that a version must still fold before it may replace another. */
export interface Behind {
  readonly topic: string;
  readonly partition: number;
  /** Its next offset; 0 if it has not begun. */
  readonly offset: bigint;
  readonly untilOffset: bigint;
}

/** The version that replaces the active one. */
export interface SwitchTarget extends Pick<Plan, 'name' | 'version' | 'tables'> {
  readonly topics: readonly string[];
  /**
   * Describes these topics. Called only if the version is behind. Default: the log is not available
   * here.
   */
  readonly describe?: () => Promise<ReadonlyMap<string, TopicDescription>>;
}

/**
 * Switches a projection from one version to another, in the caller's transaction, which holds
 * `lockProjection`. Steps: 1 lock the tasks of both versions, 2 require the other at or past the
 * active one on every partition of the topics that both read, 3 swap the views, 4 raise the old
 * version's epochs, so that no flush of it that began before the switch commits after it, 5 store
 * for the other version what the old one has published for, and release the other's held events
 * that this does not cover.
 * @returns where the other version is behind; nothing is changed then
 */
export async function switchVersion(
  client: ClientBase,
  target: {
    readonly to: SwitchTarget;
    /** The active version; null: none yet. */
    readonly from: number | null;
    /**
     * How long the active version's tasks are locked while instances of the other version catch up.
     * Milliseconds; default 0.
     */
    readonly waitMs?: number;
    /**
     * The last round of catching up, on separate connections. Called with the offsets that the
     * other version lacks, while the active version's tasks are locked and before those of the
     * other are. Default: none.
     */
    readonly lastRound?: (behind: readonly Behind[]) => Promise<void>;
  },
): Promise<readonly Behind[]> {
  const { to, from, waitMs = 0, lastRound } = target;
  if (from !== null) {
    await lockTasks(client, { projection: to.name, version: from }); // 1
    await waitFor(waitMs, async () => (await findBehind(client, to, from)).length === 0);
    await lastRound?.(await findBehind(client, to, from));
    await lockTasks(client, { projection: to.name, version: to.version }); // 1
    const behind = await findBehind(client, to, from); // 2
    if (behind.length > 0) return behind;
  }
  await swapViews(client, to); // 3
  await setVersionState(client, { projection: to.name, version: to.version }, 'active');
  await setActiveVersion(client, { projection: to.name, version: to.version, previous: from });
  const released = { projection: to.name, version: to.version, isFirst: from === null };
  if (from === null) {
    await releaseHeld(client, released);
    return [];
  }
  await setVersionState(client, { projection: to.name, version: from }, 'ready');
  await fenceTasks(client, { projection: to.name, version: from }); // 4
  await takeOverCoverage(client, { projection: to.name, from, to: to.version }); // 5
  await releaseHeld(client, released);
  return [];
}

async function waitFor(waitMs: number, isDone: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + waitMs;
  while (performance.now() < untilMs && !(await isDone())) await delay(POLL_MS);
}

/**
 * Finds where the other version is behind the active one. Only comparable topics count: not a topic
 * that only one version reads, and not one that was deleted and created again in between. If the
 * log lost its tail, the other version needs to reach only its end.
 */
async function findBehind(
  client: ClientBase,
  to: SwitchTarget,
  active: number,
): Promise<readonly Behind[]> {
  const { name: projection, version, topics } = to;
  const behind = await readBehind(client, { projection, version, behind: active, topics });
  if (behind.length === 0 || to.describe === undefined) return behind.map(rangeOf);
  const described = await to.describe();
  return behind
    .filter(({ topic, topicId }) => described.get(topic)?.topicId === topicId)
    .map((each) => {
      const end = described.get(each.topic)?.partitions[each.partition]?.stableEndOffset ?? 0n;
      return rangeOf({ ...each, untilOffset: end < each.untilOffset ? end : each.untilOffset });
    })
    .filter(({ offset, untilOffset }) => offset < untilOffset);
}

function rangeOf({ topic, partition, offset, untilOffset }: Behind): Behind {
  return { topic, partition, offset, untilOffset };
}
