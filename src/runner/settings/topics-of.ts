import type { TopicDescription } from '../../log/event-log.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { RepriseError } from '../../reprise-error.ts';

/** Returns the topics that a plan reads, each once. */
export function topicsOf({ sources }: Pick<Plan, 'sources'>): readonly string[] {
  return [...new Set(sources.map(({ event }) => event.topic))];
}

/**
 * Returns the number of tasks of a plan, which is the number of partitions of its topics. A task
 * reads the same partition number of each topic, so they must be co-partitioned.
 * @throws NOT_COPARTITIONED naming the numbers
 */
export function partitionsOf(plan: Plan, topics: ReadonlyMap<string, TopicDescription>): number {
  const counts = [...topics.values()].map(({ topic, partitions }) => ({
    topic,
    count: partitions.length,
  }));
  const [first] = counts;
  if (counts.some(({ count }) => count !== first?.count)) {
    throw new RepriseError(
      'NOT_COPARTITIONED',
      `${plan.name} reads ${counts.map(({ topic, count }) => `${topic} (${count} partitions)`).join(' and ')}: events of one key would lie in different partition numbers. ` +
        'Give the topics equal partition counts (create a new topic and copy), or write two projections.',
      { facts: { projection: plan.name, version: plan.version } },
    );
  }
  return first?.count ?? 0;
}
