import type { ClientBase } from 'pg';
import type { TopicDescription } from '../../log/event-log.ts';

/** A topic with more partitions than when it was first read. */
export interface AddedPartitions {
  readonly topic: string;
  /** How many it had when it was first read. */
  readonly before: number;
  readonly now: number;
}

/**
 * The topics that have gained partitions since they were first read, by whichever projection:
 * events of one key may lie in two of their partitions. Remembers those that are read for the first
 * time. A topic whose first partitions never held a record has moved no key.
 * @param topics as the log describes them now
 */
export async function findAddedPartitions(
  client: ClientBase,
  topics: Iterable<TopicDescription>,
): Promise<readonly AddedPartitions[]> {
  const added: AddedPartitions[] = [];
  for (const { topic, topicId, partitions } of topics) {
    const now = partitions.length;
    const { rows } = await client.query<{ partitions: number }>(
      `insert into reprise.topic_partitions as t (topic, topic_id, partitions) values ($1, $2, $3)
       on conflict (topic, topic_id) do update set partitions = t.partitions
       returning partitions`,
      [topic, topicId, now],
    );
    const before = rows[0]?.partitions ?? now;
    if (before >= now) continue;
    if (partitions.slice(0, before).some(({ stableEndOffset }) => stableEndOffset > 0n)) {
      added.push({ topic, before, now });
      continue;
    }
    await client.query(
      'update reprise.topic_partitions set partitions = $3 where topic = $1 and topic_id = $2',
      [topic, topicId, now],
    );
  }
  return added;
}
