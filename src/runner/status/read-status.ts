import type { TopicDescription } from '../../log/event-log.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { readPublishFailures } from '../store/outbox-store.ts';
import { readTasks, type StoredTask } from '../store/task-store.ts';
import { readSources } from '../store/version-store.ts';
import { describeWhatAnswers } from './ask-parts.ts';
import { readCounts } from './stored-counts.ts';
import type { ProjectionStatus, StatusOptions, TaskStatus } from './task-status.ts';

/** A task that no process has opened yet: none of its records is folded. */
const NOT_BEGUN: Omit<StoredTask, 'topic' | 'partition' | 'projection' | 'version'> = {
  epoch: '0',
  owner: null,
  state: 'idle',
  error: null,
  topic_id: null,
  next_offset: null,
  watermark_ms: null,
};

/** Descriptions of topics. Those that the log did not answer for are missing. */
type Topics = ReadonlyMap<string, TopicDescription>;

/**
 * Reads the status of every stored version from Postgres and the log, also of projections that are
 * no longer declared, and whichever process runs them. If the log is unavailable, ends and lag are
 * null. Three statements and one request to the log, whatever the number of projections.
 */
export async function readStatus(
  settings: Pick<RunnerSettings, 'pool' | 'log'>,
  plans: readonly Plan[],
  options: StatusOptions = {},
): Promise<readonly ProjectionStatus[]> {
  await assertDatabase(settings.pool);
  const declared = plans.map(({ name }) => name);
  const stored = await readSources(settings.pool, declared);
  const read = [...plans.flatMap(topicsOf), ...stored.flatMap(({ topics }) => topics)];
  const topics = await describeWhatAnswers(settings, [...new Set(read)]);
  const names = [...new Set([...declared, ...stored.map(({ projection }) => projection)])];
  const [counts, rows, failures] = await inTransaction(
    settings.pool,
    async (client) =>
      [
        await readCounts(client, names, options),
        await readTasks(client, names),
        await readPublishFailures(client, names),
      ] as const,
  );
  return counts.map((version) => {
    const { name } = version;
    const isOf = (row: { readonly projection: string; readonly version: number }) =>
      row.projection === name && row.version === version.version;
    const plan = plans.find((each) => each.name === name);
    const own = stored.find(isOf)?.topics ?? (plan === undefined ? [] : topicsOf(plan));
    const tasks = tasksOf(own, rows.filter(isOf), topics);
    const isKnown = own.every((topic) => topics.has(topic));
    const publishFailures = failures
      .filter(isOf)
      .map(({ projection: _projection, version: _version, ...failure }) => failure);
    const isUndeclared = plan === undefined;
    const lagRecords = isKnown ? lagOf(tasks) : null;
    return { ...version, isUndeclared, lagRecords, publishFailures, tasks };
  });
}

/** Adds up the lag. Null: the lag of one task is unknown. */
function lagOf(tasks: readonly TaskStatus[]): bigint | null {
  return tasks.reduce<bigint | null>(
    (sum, { lagRecords }) => (sum === null || lagRecords === null ? null : sum + lagRecords),
    0n,
  );
}

/**
 * Returns the status of each task in each topic of its version. Includes tasks that are not stored
 * yet, one for each partition of the log.
 */
function tasksOf(
  topics: readonly string[],
  rows: readonly StoredTask[],
  described: Topics,
): readonly TaskStatus[] {
  const called = topics.flatMap((topic) => described.get(topic)?.partitions ?? []);
  const partitions = new Set([...rows, ...called].map(({ partition }) => partition));
  return [...partitions]
    .sort((a, b) => a - b)
    .flatMap((partition) => {
      const own = rows.filter((row) => row.partition === partition);
      const [first] = own;
      const task =
        first === undefined ? NOT_BEGUN : { ...first, topic_id: null, next_offset: null };
      return topics
        .filter((topic) => first !== undefined || hasPartition(described.get(topic), partition))
        .map((topic) => {
          const row = own.find((each) => each.topic === topic) ?? task;
          return taskStatus({ ...row, partition }, topic, described);
        });
    });
}

function hasPartition(topic: TopicDescription | undefined, partition: number): boolean {
  return topic?.partitions[partition] !== undefined;
}

function taskStatus(
  row: Omit<StoredTask, 'projection' | 'version' | 'topic'>,
  topic: string,
  described: Topics,
): TaskStatus {
  const found = described.get(topic);
  const partition = found?.partitions[row.partition];
  const startOffset = partition?.startOffset ?? 0n;
  const nextOffset = BigInt(row.next_offset ?? startOffset);
  const stableEndOffset = partition?.stableEndOffset ?? null;
  // If the topic was deleted and created again, the task has folded none of its records.
  const isSame = row.topic_id === null || row.topic_id === found?.topicId;
  const foldedUntil = isSame ? nextOffset : startOffset;
  return {
    topic,
    partition: row.partition,
    state: row.state,
    nextOffset,
    stableEndOffset,
    lagRecords: stableEndOffset === null ? null : lag(foldedUntil, stableEndOffset),
    watermark: row.watermark_ms === null ? null : new Date(row.watermark_ms),
    epoch: BigInt(row.epoch),
    owner: row.owner,
    error: row.error,
  };
}

function lag(nextOffset: bigint, stableEndOffset: bigint): bigint {
  return stableEndOffset > nextOffset ? stableEndOffset - nextOffset : 0n;
}
