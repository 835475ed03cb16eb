import type { TopicDescription } from '../log/event-log.ts';
import type { Plan } from '../projection/plan.ts';
import { addConstraints } from '../readmodel/add-constraints.ts';
import { countRows } from '../readmodel/count-rows.ts';
import type { RebuildProgress, RebuildReport } from '../reprise.ts';
import { RepriseError } from '../reprise-error.ts';
import { assertDatabase } from './assert-database.ts';
import { copyJournal } from './journal-store.ts';
import { mergeDuplicates } from './merge-duplicates.ts';
import type { ProgressMeter } from './rebuild-progress.ts';
import { createProgress } from './rebuild-progress.ts';
import { replayTask } from './replay-task.ts';
import type { RunnerSettings } from './settings.ts';
import { partitionsOf, topicsOf } from './topics-of.ts';
import { inTransaction } from './transaction.ts';
import {
  assertSameShape,
  insertVersion,
  lockProjection,
  readVersions,
  setVersionState,
} from './version-store.ts';
import { createTables } from './version-tables.ts';

/** How to rebuild. `fromStartOfLog`: accept a log that no longer begins at 0. */
export interface RebuildOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly fromStartOfLog?: boolean;
}

/** Partitions replayed at a time: while one waits for its COPY, another folds. */
const TASKS_AT_ONCE = 2;

/**
 * Replays the log into the declared version of a projection, beside the live one, which goes on untouched. Steps: 1 make the version's table without
 * constraints (or find it: a rebuild that was killed goes on), 2 capture the stable end offsets, 3 replay every partition, appending partial rows,
 * 4 add the primary key and indexes, merging keys that were appended more than once, 5 mark the version ready for `activate`.
 * @throws REBUILD_REFUSED, VERSION_NOT_RAISED, DATA_LOSS, FENCED when another rebuild of the version took over
 */
export async function rebuild(
  settings: RunnerSettings,
  plan: Plan,
  options: RebuildOptions = {},
): Promise<RebuildReport> {
  const startedMs = performance.now();
  const signal = options.signal ?? new AbortController().signal;
  await assertDatabase(settings.pool);
  await beginBuilding(settings, plan); // 1
  const topics = await describeTopics(settings, plan); // 2
  const progress = createProgress(
    plan,
    await totalRecords(settings, plan, topics),
    options.onProgress,
  );
  const partitions = partitionsOf(plan, topics);
  await inParallel(partitions, (partition) =>
    replayTask(
      settings,
      { projection: plan.name, version: plan.version, partition },
      {
        plan,
        untilOffsets: endOffsets(topics, partition),
        fromStartOfLog: options.fromStartOfLog ?? false,
        signal,
        onRecords: progress.add,
      },
    ),
  ); // 3
  const rows = await finish(settings, plan, { partitions, onPhase: progress.phase }); // 4, 5
  progress.phase('done');
  const seconds = (performance.now() - startedMs) / 1000;
  return { name: plan.name, version: plan.version, records: progress.records(), rows, seconds };
}

/** Steps 4 and 5 in one transaction: a rebuild killed here finds its table as the replay left it. */
async function finish(
  settings: RunnerSettings,
  plan: Plan,
  target: { readonly partitions: number; readonly onPhase: ProgressMeter['phase'] },
): Promise<bigint> {
  return inTransaction(settings.pool, async (client) => {
    target.onPhase('index');
    if (plan.rebuild === 'partial' && (await addConstraints(client, plan.table)) === 'duplicates') {
      target.onPhase('merge');
      await mergeDuplicates(client, plan, target.partitions);
    }
    await setVersionState(client, { projection: plan.name, version: plan.version }, 'ready');
    return countRows(client, plan.table);
  });
}

async function beginBuilding(settings: RunnerSettings, plan: Plan): Promise<void> {
  if (!plan.replayable) {
    throw new RepriseError(
      'REBUILD_REFUSED',
      `${plan.name} uses processing time, so a replay would give other rows. Use event time, or keep the version as it is.`,
      { facts: { projection: plan.name, version: plan.version } },
    );
  }
  await inTransaction(settings.pool, async (client) => {
    await lockProjection(client, plan.name);
    const versions = await readVersions(client, plan.name);
    const stored = versions.find(({ version }) => version === plan.version);
    if (stored === undefined) {
      await createTables(client, plan, plan.rebuild === 'partial' ? 'later' : 'now');
      await insertVersion(client, plan, 'building');
      const active = versions.find(({ state }) => state === 'active');
      if (active !== undefined) {
        const { name: projection, version: toVersion } = plan;
        await copyJournal(client, {
          projection,
          fromVersion: active.version,
          toVersion,
          all: false,
        });
      }
      return;
    }
    assertSameShape(plan, stored);
    if (stored.state === 'building') return;
    throw new RepriseError(
      'REBUILD_REFUSED',
      `${plan.name} v${plan.version} is already built (${stored.state}). ` +
        `To replay it again, raise its version to ${plan.version + 1} and rebuild; the live version stays as it is until you activate the new one.`,
      { facts: { projection: plan.name, version: plan.version } },
    );
  });
}

function describeTopics(
  settings: RunnerSettings,
  plan: Plan,
): Promise<ReadonlyMap<string, TopicDescription>> {
  return settings.log.describe(topicsOf(plan));
}

function endOffsets(
  topics: ReadonlyMap<string, TopicDescription>,
  partition: number,
): ReadonlyMap<string, bigint> {
  return new Map(
    [...topics.values()].map(({ topic, partitions }) => [
      topic,
      partitions[partition]?.stableEndOffset ?? 0n,
    ]),
  );
}

/** Offsets still to be replayed: what an earlier, killed attempt has committed does not count. */
async function totalRecords(
  settings: RunnerSettings,
  plan: Plan,
  topics: ReadonlyMap<string, TopicDescription>,
): Promise<number> {
  const { rows } = await settings.pool.query<{
    topic: string;
    partition: number;
    next_offset: string;
  }>(
    'select topic, partition, next_offset from reprise.checkpoints where projection = $1 and version = $2',
    [plan.name, plan.version],
  );
  const stored = new Map(
    rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)]),
  );
  let total = 0n;
  for (const { topic, partitions } of topics.values()) {
    for (const { partition, startOffset, stableEndOffset } of partitions) {
      total += stableEndOffset - (stored.get(`${topic}/${partition}`) ?? startOffset);
    }
  }
  return Number(total);
}

/** Runs `work` for partitions 0 … count-1, a few at a time; the first failure ends it once those under way have ended. */
async function inParallel(
  count: number,
  work: (partition: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < count && !failed) {
      const partition = next;
      next += 1;
      await work(partition).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: TASKS_AT_ONCE }, worker));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
