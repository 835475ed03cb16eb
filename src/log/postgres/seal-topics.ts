import type { ClientBase, Pool } from 'pg';
import { logError } from './log-error.ts';

/**
 * Returns the topics of the log and the log that each has moved to: the id of a Kafka cluster, or
 * null for topics that have not moved. Sorted by name.
 */
export async function movedTopics(pool: Pool): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await pool
    .query<{ topic: string; moved_to: string | null }>(
      'select topic, moved_to from reprise.log_topics order by topic',
    )
    .catch((error: unknown) => {
      throw logError(error, 'listing the topics');
    });
  return new Map(rows.map((row) => [row.topic, row.moved_to]));
}

/** A partition and its observed end. */
export interface PartitionEnd {
  readonly topic: string;
  readonly partition: number;
  readonly endOffset: bigint;
}

/**
 * Seals topics permanently, in the caller's transaction: 1 lock their partitions, so that running
 * appends have ended and others wait, 2 check whether one has grown beyond the given end, 3 if not,
 * seal them all: later appends fail with LOG_MOVED. @returns the number of records after those
 * ends; 0: the topics are sealed
 */
export async function sealTopics(
  client: ClientBase,
  ends: readonly PartitionEnd[],
  movedTo: string,
): Promise<bigint> {
  const wanted = [
    ends.map(({ topic }) => topic),
    ends.map(({ partition }) => partition),
    ends.map(({ endOffset }) => endOffset.toString()),
  ];
  const { rows } = await client.query<{ beyond: string }>(
    `select p.next_offset - u.end_offset as beyond
     from unnest($1::text[], $2::int[], $3::bigint[]) as u (topic, partition, end_offset)
     join reprise.log_topics t using (topic) join reprise.log_partitions p using (topic_number, partition)
     order by p.topic_number, p.partition for update of p`,
    wanted,
  ); // 1
  const beyond = rows.reduce((sum, row) => sum + BigInt(row.beyond), 0n);
  if (beyond !== 0n) return beyond; // 2
  await client.query(
    `update reprise.log_partitions p set sealed_at = p.next_offset
     from reprise.log_topics t where t.topic_number = p.topic_number and t.topic = any ($1)`,
    [wanted[0]],
  ); // 3
  await client.query('update reprise.log_topics set moved_to = $2 where topic = any ($1)', [
    wanted[0],
    movedTo,
  ]);
  return 0n;
}
