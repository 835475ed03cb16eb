import type { ClientBase } from 'pg';
import type { TopicDescription } from '../../log/event-log.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { splitKey } from '../../readmodel/split-key.ts';
import { keyNames } from '../../readmodel/table-name.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { partitionsOf, topicsOf } from '../settings/topics-of.ts';
import type { AddedPartitions } from '../store/added-partitions.ts';
import { findAddedPartitions } from '../store/added-partitions.ts';
import { swapViews } from '../store/create-tables.ts';
import { ensureTasks } from '../store/instance-store.ts';
import { readTaskTotals } from '../store/task-store.ts';
import { lockProjection, setPartitionsAdded } from '../store/version-store.ts';

/**
 * Creates the tasks of a version, one for each partition of its topics. If a topic has added
 * partitions since it was first read, keys have moved. A read model whose rows merge continues,
 * with the new partitions from their first offset and a view that merges. Any other read model
 * cannot continue, and a new version of it cannot be built.
 * @param topics as the log describes them now
 * @returns PARTITIONS_CHANGED for such read models, else null. @throws NOT_COPARTITIONED
 */
export async function matchPartitions(
  settings: Pick<RunnerSettings, 'pool' | 'logger'>,
  plan: Plan,
  topics: ReadonlyMap<string, TopicDescription>,
): Promise<RepriseError | null> {
  const partitions = partitionsOf(plan, topics);
  return inTransaction(settings.pool, async (client) => {
    const active = await lockProjection(client, plan.name);
    const added = await findAddedPartitions(client, topics.values());
    const tasks = { projection: plan.name, version: plan.version };
    const { tasks: before } = await readTaskTotals(client, tasks);
    if (before >= partitions) return null;
    const cannotMerge = plan.table.view?.merges === null;
    if (before > 0 && cannotMerge) return cannotAddPartitions(plan, before, partitions);
    await ensureTasks(client, tasks, partitions);
    if (before === 0 && added.length === 0) return null;
    if (cannotMerge) return cannotBuild(plan, added);
    await setPartitionsAdded(client, plan.name);
    if (active === plan.version) await swapViews(client, plan);
    settings.logger.warn(
      { projection: plan.name, version: plan.version, from: before, to: partitions },
      'partitions were added to topics: keys have moved, so the view merges from now on',
    );
    return null;
  });
}

/**
 * Checks the topics before a version is built. Refuses topics with added partitions if the version
 * needs all events of a key in one partition. If its rows merge when they are read, its view will
 * merge.
 * @throws PARTITIONS_CHANGED
 */
export async function admitTopics(
  settings: Pick<RunnerSettings, 'pool'>,
  plan: Plan,
  topics: ReadonlyMap<string, TopicDescription>,
): Promise<void> {
  await inTransaction(settings.pool, async (client) => {
    await lockProjection(client, plan.name);
    const added = await findAddedPartitions(client, topics.values());
    if (added.length === 0) return;
    if (plan.table.view?.merges === null) throw cannotBuild(plan, added);
    await setPartitionsAdded(client, plan.name);
  });
}

/**
 * Checks a version once it is built: unless rows are merged when they are read, no key may have
 * rows of two partitions. This finds topics that had added partitions before they were first read,
 * and producers that do not choose partitions by the record key. @throws PARTITIONS_CHANGED
 */
export async function requireWholeKeys(
  client: ClientBase,
  plan: Plan,
  partitions: number,
): Promise<void> {
  if (partitions < 2 || plan.table.view?.merges !== null) return;
  const columns =
    plan.kind === 'table' ? keyNames(plan.table) : plan.keys.map(({ column }) => column);
  const key = await splitKey(client, plan.table, columns);
  if (key === null) return;
  const topics = topicsOf(plan);
  throw new RepriseError(
    'PARTITIONS_CHANGED',
    `${plan.name} v${plan.version} cannot be used: the key ${key} has rows of several partitions. Either ${topics.join(', ')} had added partitions before reprise read it, or a producer does not choose partitions by the record key: ${remedy(topics, partitions)}`,
    { facts: { projection: plan.name, version: plan.version, key } },
  );
}

function cannotAddPartitions(plan: Plan, before: number, now: number): RepriseError {
  const topics = topicsOf(plan);
  return new RepriseError(
    'PARTITIONS_CHANGED',
    `${plan.name} v${plan.version} was built on ${before} partitions of ${topics.join(', ')}, which now have ${now}: ${remedy(topics, now)}`,
    { facts: { projection: plan.name, version: plan.version, from: before, to: now } },
  );
}

function cannotBuild(plan: Plan, added: readonly AddedPartitions[]): RepriseError {
  const [first] = added as readonly [AddedPartitions];
  const had = added
    .map(
      ({ topic, before, now }) =>
        `${topic} had ${before} partitions when it was first read and has ${now} now`,
    )
    .join(', ');
  const topics = added.map(({ topic }) => topic);
  return new RepriseError(
    'PARTITIONS_CHANGED',
    `${plan.name} v${plan.version} cannot be built: ${had}: ${remedy(topics, first.now)}`,
    {
      facts: { projection: plan.name, version: plan.version, from: first.before, to: first.now },
    },
  );
}

function remedy(topics: readonly string[], partitions: number): string {
  const commands = topics.map(
    (topic) => `reprise log repartition ${topic} --to ${topic}-${partitions}`,
  );
  return (
    'keys have moved: events of one key are in two partitions, and the projection needs them in one. ' +
    `Copy the events to a new topic of ${partitions} partitions: ${commands.join('; ')}. Name that topic in the event definition, raise the version and rebuild.`
  );
}
