import type { ClientBase } from 'pg';
import type { TopicDescription } from '../../log/event-log.ts';

/** A topic with more partitions than when it was first read. */
export interface AddedPartitions {
  readonly topic: string;
  /** Number of partitions when it was first read. */
  readonly before: number;
  readonly now: number;
}

/**
 * Finds topics with partitions added since any projection first read them: events of one key may be
 * in two of their partitions. Stores the number for topics that are read for the first time. A
 * topic whose first partitions never held a record has moved no key, so its stored number is
 * updated.
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
