import type { TopicDescription } from '../log/event-log.ts';
import type { Plan } from '../projection/plan.ts';
import { RepriseError } from '../reprise-error.ts';
import { ensureTasks } from './ownership/instance-store.ts';
import type { RunnerSettings } from './settings.ts';
import { partitionsOf, topicsOf } from './topics-of.ts';
import { inTransaction } from './transaction.ts';
import { lockProjection } from './version-store.ts';
import { swapViews } from './version-tables.ts';

/**
 * Makes the tasks of a version, one for each partition of its topics. Where topics have gained partitions since, keys have moved: a read model whose rows merge goes on, with
 * the new partitions from their first offset and a view that merges; others cannot.
 * @param topics as the log describes them now
 * @returns PARTITIONS_CHANGED for those, else null. @throws NOT_COPARTITIONED
 */
export async function matchPartitions(
  settings: Pick<RunnerSettings, 'pool' | 'logger'>,
  plan: Plan,
  topics: ReadonlyMap<string, TopicDescription>,
): Promise<RepriseError | null> {
  const partitions = partitionsOf(plan, topics);
  return inTransaction(settings.pool, async (client) => {
    const active = await lockProjection(client, plan.name);
    const { rows } = await client.query<{ tasks: string }>(
      'select count(*) as tasks from reprise.tasks where projection = $1 and version = $2',
      [plan.name, plan.version],
    );
    const before = Number(rows[0]?.tasks ?? 0);
    if (before >= partitions) return null;
    if (before > 0 && plan.table.view?.merges === null) return cannotGrow(plan, before, partitions);
    await ensureTasks(client, { projection: plan.name, version: plan.version }, partitions);
    if (before === 0) return null;
    await client.query(
      'update reprise.projections set partitions_grew = true where projection = $1',
      [plan.name],
    );
    if (active === plan.version) await swapViews(client, plan);
    settings.logger.warn(
      { projection: plan.name, version: plan.version, from: before, to: partitions },
      'topics gained partitions: keys have moved, so the view merges from now on',
    );
    return null;
  });
}

function cannotGrow(plan: Plan, before: number, now: number): RepriseError {
  const topics = topicsOf(plan).join(', ');
  return new RepriseError(
    'PARTITIONS_CHANGED',
    `${plan.name} v${plan.version} was built on ${before} partitions of ${topics}, which now have ${now}: keys have moved, so that events of one key lie in two partitions, and it needs them in one. ` +
      `Copy the events to a new topic of ${now} partitions, name that in the event definition, raise the version and rebuild.`,
    { facts: { projection: plan.name, version: plan.version, from: before, to: now } },
  );
}
