import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { neverSignal } from '../../concurrency/never-signal.ts';
import { runTaskGroup } from '../../concurrency/run-task-group.ts';
import type { TopicDescription } from '../../log/event-log.ts';
import { isLockTimeout } from '../../postgres/classify.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { countRows } from '../../readmodel/count-rows.ts';
import { lockHolders } from '../../readmodel/lock-holders.ts';
import { tableName } from '../../readmodel/table-name.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { admitTopics, requireWholeKeys } from '../live/match-partitions.ts';
import { withLease } from '../ownership/with-lease.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { partitionsOf, topicsOf } from '../settings/topics-of.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { readNextOffsets } from '../store/checkpoint-store.ts';
import { createTables } from '../store/create-tables.ts';
import { isAlive } from '../store/instance-store.ts';
import { copyJournal } from '../store/journal-store.ts';
import type { VersionState } from '../store/version-state.ts';
import type { StoredVersion } from '../store/version-store.ts';
import {
  assertSameShape,
  insertVersion,
  lockProjection,
  readVersion,
  setBuilder,
  setVersionState,
} from '../store/version-store.ts';
import { finishTable } from './finish-table.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { createProgress } from './progress-meter.ts';
import type { RebuildReport, RebuildOptions as WantedRebuild } from './rebuild-report.ts';
import { ROWS_IN_MEMORY_MAX } from './replay-task.ts';
import type { FindReplayers } from './replayer.ts';
import { replayerHere } from './replayer.ts';
import { sharePartitions } from './share-partitions.ts';

/** Options of a rebuild: those of the application, plus further replayers. */
export interface RebuildOptions extends Omit<WantedRebuild, 'workers'> {
  /** Finds further replayers. Default: none. */
  readonly findReplayers?: FindReplayers;
}

/**
 * Number of versions whose indexes are built concurrently. Postgres uses more than one core for
 * each.
 */
const FINISHED_AT_ONCE = 2;

const LOOKS = 10;
const LOOK_EVERY_MS = 100;

/**
 * Replays the log into the declared versions of projections. The live versions are not affected.
 * One rebuild of a version at a time, over all instances. Steps: 1 capture the stable end offsets,
 * and refuse topics with added partitions if a version cannot merge, 2 create each version's table
 * without constraints (or reuse it: a rebuild that was killed resumes), 3 replay every partition
 * into all versions, appending partial rows, 4 merge keys that were appended more than once, and
 * add primary keys and indexes, 5 mark each version ready for `activate`.
 *
 * The schedule of step 3: replayers (this thread and worker threads) take partitions, two at a time
 * each (`sharePartitions`). For each partition, one read of the log feeds the sessions of all
 * versions (`shareReads`). In a thread, one session of a projection folds at a time, while others
 * write their rows or wait for the log (`FoldMutex`).
 * @throws REBUILD_REFUSED, VERSION_NOT_RAISED, PARTITIONS_CHANGED, DATA_LOSS
 */
export async function rebuild(
  settings: RunnerSettings,
  plans: readonly Plan[],
  options: RebuildOptions = {},
): Promise<readonly RebuildReport[]> {
  if (plans.length === 0) return [];
  await assertDatabase(settings.pool);
  const builder = `${settings.owner}/rebuild-${randomUUID().slice(0, 8)}`;
  const building = { ...settings, owner: builder };
  return withLease(building, () =>
    rebuildAlone(building, plans, options).catch(async (error: unknown) => {
      throw (await retiredMeanwhile(building, plans, error)) ?? error;
    }),
  );
}

/**
 * Returns REBUILD_REFUSED if a version was retired while it was built, else null. Its tables
 * disappear during the replay, which causes various errors.
 */
async function retiredMeanwhile(
  { pool }: RunnerSettings,
  plans: readonly Plan[],
  error: unknown,
): Promise<RepriseError | null> {
  // Any other error of ours explains itself; the version may not exist yet.
  if (isRepriseError(error) && error.code !== 'FENCED' && error.code !== 'WORKER_FAILED')
    return null;
  for (const plan of plans) {
    const stored = await inTransaction(pool, (client) =>
      readVersion(client, plan.name, plan.version),
    ).catch(() => null);
    if (stored !== undefined) continue;
    return refused(
      plan,
      `it was retired while it was being built, and its tables were dropped. To build it after all, run: reprise rebuild ${plan.name}`,
      error,
    );
  }
  return null;
}

/** A version that is being built. */
interface Building {
  readonly plan: Plan;
  /** Its topics, as described when the rebuild began. */
  readonly topics: ReadonlyMap<string, TopicDescription>;
  readonly partitions: number;
  /** Records still to be replayed. */
  readonly records: number;
  readonly progress: ProgressMeter;
}

async function rebuildAlone(
  settings: RunnerSettings,
  plans: readonly Plan[],
  options: RebuildOptions,
): Promise<readonly RebuildReport[]> {
  const startedMs = performance.now();
  const { asOf = null, onProgress, signal = neverSignal() } = options;
  const described = await settings.log.describe([...new Set(plans.flatMap(topicsOf))]); // 1
  for (const plan of plans) {
    await admitTopics(settings, plan, ownTopics(plan, described));
    await beginBuilding(settings, plan, asOf); // 2
  }
  const versions: Building[] = [];
  for (const plan of plans) {
    const topics = ownTopics(plan, described);
    const records = await totalRecords(settings, plan, topics);
    const progress = createProgress(plan, records, onProgress);
    versions.push({ plan, topics, partitions: partitionsOf(plan, topics), records, progress });
  }
  await replayAll(settings, versions, { ...options, signal }); // 3
  const state = asOf === null ? 'ready' : 'frozen';
  const reports = new Map<Building, RebuildReport>();
  const left = versions.values();
  const finishThoseLeft = async () => {
    for (const version of left) {
      const { plan, progress } = version;
      const rows = await finish(settings, version, state, signal); // 4, 5
      progress.phase('done');
      const seconds = (performance.now() - startedMs) / 1000;
      const { name } = plan;
      reports.set(version, {
        name,
        version: plan.version,
        records: progress.records(),
        rows,
        seconds,
      });
    }
  };
  await runTaskGroup(signal, Array(FINISHED_AT_ONCE).fill(finishThoseLeft));
  return versions.map((version) => reports.get(version) as RebuildReport);
}

/** Step 3: this thread and the other replayers replay the partitions. They share the row budget. */
async function replayAll(
  settings: RunnerSettings,
  versions: readonly Building[],
  options: RebuildOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { asOf, acceptDataLoss = false, signal } = options;
  const plans = versions.map(({ plan }) => plan);
  const partitions = Math.max(0, ...versions.map((version) => version.partitions));
  const records = versions.reduce((sum, version) => sum + version.records, 0);
  const work = { plans, builder: settings.owner, partitions, records };
  const others = (await options.findReplayers?.(work)) ?? [];
  const replayers = [replayerHere(settings, plans), ...others] as const;
  const meters = new Map(versions.map(({ plan, progress }) => [plan.name, progress]));
  try {
    await sharePartitions({
      partitions,
      replayers,
      signal,
      replay: (replayer, partition, either) => {
        const building = versions.filter((version) => partition < version.partitions);
        return replayer.replay(
          {
            keys: building.map(({ plan }) => ({
              projection: plan.name,
              version: plan.version,
              partition,
            })),
            untilOffsets: endOffsets(building, partition),
            ...(asOf && { untilTimestampMs: asOf.getTime() }),
            acceptDataLoss,
            rowsMax: Math.ceil(ROWS_IN_MEMORY_MAX / replayers.length),
          },
          {
            signal: either,
            onRecords: (projection, count) => meters.get(projection)?.add(count),
          },
        );
      },
    });
  } finally {
    await Promise.all(replayers.map((each) => each.close()));
  }
}

/**
 * Steps 4 and 5. Retries while the new table is in use, because its keys cannot be added then, and
 * logs who uses it.
 */
async function finish(
  settings: RunnerSettings,
  building: Building,
  state: VersionState,
  signal: AbortSignal,
): Promise<bigint> {
  const { name: projection, version, tables } = building.plan;
  for (;;) {
    try {
      return await finishOnce(settings, building, state);
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      signal.throwIfAborted();
      const usedBy = await lockHolders(settings.pool, tables.map(tableName));
      settings.logger.warn(
        { projection, version, usedBy },
        'the new table is in use, so its keys cannot be added yet; the rebuild waits until it is free',
      );
    }
  }
}

/**
 * Steps 4 and 5 in one transaction: a rebuild killed here leaves its table as the replay left it.
 */
async function finishOnce(
  settings: RunnerSettings,
  { plan, progress, partitions }: Building,
  state: VersionState,
): Promise<bigint> {
  return inTransaction(settings.pool, async (client) => {
    if (plan.rebuild === 'partial') {
      // Lock before the work: a merge of minutes must not fail at its end because of a reader.
      await client.query(`lock table ${tableName(plan.table)} in access exclusive mode`);
      await finishTable(client, plan, progress.phase);
    }
    await requireWholeKeys(client, plan, partitions);
    await setVersionState(client, { projection: plan.name, version: plan.version }, state);
    return countRows(client, plan.table);
  });
}

async function beginBuilding(
  settings: RunnerSettings,
  plan: Plan,
  asOf: Date | null,
): Promise<void> {
  if (!plan.replayable) {
    throw refused(
      plan,
      'it uses processing time, so a replay would give other rows. Use event time, or keep the version as it is.',
    );
  }
  await inTransaction(settings.pool, async (client) => {
    const active = await lockProjection(client, plan.name);
    const stored = await readVersion(client, plan.name, plan.version);
    if (stored === undefined) {
      await createTables(client, plan, plan.rebuild === 'partial' ? 'later' : 'now');
      await insertVersion(client, plan, 'building');
      if (active !== null) {
        await copyJournal(client, {
          projection: plan.name,
          fromVersion: active,
          toVersion: plan.version,
          all: false,
        });
      }
    } else await assertMayBuild(client, { plan, stored, asOf });
    const { name: projection, version } = plan;
    await setBuilder(client, { projection, version }, { builder: settings.owner, asOf });
  });
}

/**
 * Checks that a stored version may be built further: by one process at a time, as of the same time
 * as before or a later one, and only until it is complete. @throws VERSION_NOT_RAISED,
 * REBUILD_REFUSED
 */
async function assertMayBuild(
  client: ClientBase,
  of: { readonly plan: Plan; readonly stored: StoredVersion; readonly asOf: Date | null },
): Promise<void> {
  const { plan, stored, asOf } = of;
  assertSameShape(plan, stored);
  if (stored.state === 'frozen') {
    throw refused(
      plan,
      `it was built as of ${stored.asOf?.toISOString()} and is frozen. Drop it with: reprise retire ${plan.name} ${plan.version}, or raise its version.`,
    );
  }
  if (stored.state !== 'building') {
    throw refused(
      plan,
      `it is already built (${stored.state}). To replay it again, raise its version to ${plan.version + 1} and rebuild; the live version stays as it is until you activate the new one.`,
    );
  }
  if (stored.builder !== null) {
    if (await isThere(client, stored.builder)) {
      throw refused(
        plan,
        `${stored.builder} is building it now. Wait for it, or give it up with: reprise retire ${plan.name} ${plan.version}`,
      );
    }
    // The builder has ended because it was killed, or because it had finished.
    const now = await readVersion(client, plan.name, plan.version);
    if (now !== undefined && now.state !== stored.state) {
      return assertMayBuild(client, { plan, stored: now, asOf });
    }
  }
  const begunAtMs = stored.asOf?.getTime() ?? Number.POSITIVE_INFINITY;
  if ((asOf?.getTime() ?? Number.POSITIVE_INFINITY) >= begunAtMs) return;
  throw refused(
    plan,
    `a rebuild up to a later time was started (${stored.asOf?.toISOString() ?? 'the whole log'}). Finish it, or give it up with: reprise retire ${plan.name} ${plan.version}`,
  );
}

/**
 * Whether the builder is alive. Looks several times, because the server may need a moment to notice
 * that a builder was killed.
 */
async function isThere(client: ClientBase, builder: string): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (!(await isAlive(client, builder))) return false;
    await delay(LOOK_EVERY_MS);
  }
  return true;
}

function refused(plan: Plan, why: string, cause?: unknown): RepriseError {
  return new RepriseError(
    'REBUILD_REFUSED',
    `${plan.name} v${plan.version} cannot be rebuilt: ${why}`,
    { cause, facts: { projection: plan.name, version: plan.version } },
  );
}

function ownTopics(
  plan: Plan,
  described: ReadonlyMap<string, TopicDescription>,
): ReadonlyMap<string, TopicDescription> {
  const own = topicsOf(plan).map(
    (topic) => [topic, described.get(topic) as TopicDescription] as const,
  );
  return new Map(own);
}

/** Returns the end offset of one partition, by topic. */
function endOffsets(versions: readonly Building[], partition: number): ReadonlyMap<string, bigint> {
  return new Map(
    versions
      .flatMap(({ topics }) => [...topics.values()])
      .map(({ topic, partitions }) => [topic, partitions[partition]?.stableEndOffset ?? 0n]),
  );
}

/**
 * Counts the offsets still to be replayed. Those committed by an earlier, killed attempt are not
 * counted.
 */
async function totalRecords(
  settings: RunnerSettings,
  plan: Plan,
  topics: ReadonlyMap<string, TopicDescription>,
): Promise<number> {
  const stored = await readNextOffsets(settings.pool, plan);
  let total = 0n;
  for (const { topic, partitions } of topics.values()) {
    for (const { partition, startOffset, stableEndOffset } of partitions) {
      total += stableEndOffset - (stored.get(partition)?.get(topic) ?? startOffset);
    }
  }
  return Number(total);
}
