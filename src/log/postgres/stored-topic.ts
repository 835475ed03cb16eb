import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { TopicDescription, TopicSpec } from '../event-log.ts';
import { logError, unknownTopic } from './log-error.ts';

/**
 * A stored topic. `number` names its child table and changes when the topic is deleted and created
 * again.
 */
export interface StoredTopic extends TopicDescription {
  readonly number: number;
}

/** Returns the name of the table that holds a topic's records. */
export function recordTable(topicNumber: number): string {
  return `reprise.log_records_${topicNumber}`;
}

/** Reads topics; unknown ones are missing in the result. */
export async function readTopics(
  pool: Pool,
  topics: readonly string[],
): Promise<ReadonlyMap<string, StoredTopic>> {
  const { rows } = await pool.query<{
    topic: string;
    topic_number: number;
    topic_id: string;
    partition: number;
    start_offset: string;
    next_offset: string;
  }>(
    `select topic, topic_number, topic_id, partition, start_offset, next_offset
     from reprise.log_topics join reprise.log_partitions using (topic_number)
     where topic = any ($1) order by topic, partition`,
    [topics],
  );
  const found = new Map<
    string,
    StoredTopic & { readonly partitions: TopicDescription['partitions'][number][] }
  >();
  for (const row of rows) {
    let topic = found.get(row.topic);
    if (topic === undefined) {
      topic = { topic: row.topic, topicId: row.topic_id, number: row.topic_number, partitions: [] };
      found.set(row.topic, topic);
    }
    topic.partitions.push({
      partition: row.partition,
      startOffset: BigInt(row.start_offset),
      stableEndOffset: BigInt(row.next_offset),
      leaderEpoch: -1,
    });
  }
  return found;
}

/** Reads topics as {@link readTopics}. @throws UNKNOWN_TOPIC for the first that does not exist */
export async function describeTopics(
  pool: Pool,
  topics: readonly string[],
): Promise<ReadonlyMap<string, StoredTopic>> {
  const found = await readTopics(pool, topics).catch((error: unknown) => {
    throw logError(error, `describing ${topics.join(', ')}`);
  });
  for (const topic of topics) if (!found.has(topic)) throw unknownTopic(topic);
  return found;
}

/** Creates missing topics, each in one transaction with its table. @throws PARTITIONS_CHANGED */
export async function ensureTopics(pool: Pool, topics: readonly TopicSpec[]): Promise<void> {
  for (const { topic, partitions } of topics) {
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new RepriseError(
        'CONFIG_INVALID',
        `Topic ${topic} was given ${partitions} partitions; it needs a whole number from 1.`,
        { facts: { topic, partitions } },
      );
    }
    const existing = await inLogTransaction(pool, (client) =>
      createTopic(client, topic, partitions),
    );
    if (existing !== partitions) {
      throw new RepriseError(
        'PARTITIONS_CHANGED',
        `Topic ${topic} has ${existing} partitions, not ${partitions}. Partitions cannot change, because keys would move: ` +
          `configure ${existing}, or publish to a new topic.`,
        { facts: { topic, partitions, existing } },
      );
    }
  }
}

/** Deletes a topic and its records. Created again, it has a new id. @throws UNKNOWN_TOPIC */
export async function deleteTopic(pool: Pool, topic: string): Promise<void> {
  await inLogTransaction(pool, async (client) => {
    const { rows } = await client.query<{ topic_number: number }>(
      'delete from reprise.log_topics where topic = $1 returning topic_number',
      [topic],
    );
    if (rows[0] === undefined) throw unknownTopic(topic);
    await client.query(`drop table ${recordTable(rows[0].topic_number)}`);
  });
}

/**
 * Deletes the records of a partition before `offset`, which becomes its start offset; an offset
 * beyond the end means the end. Offsets never change.
 * @returns the new start offset @throws UNKNOWN_TOPIC
 */
export async function deleteRecordsBefore(
  pool: Pool,
  topic: string,
  partition: number,
  offset: bigint,
): Promise<bigint> {
  return inLogTransaction(pool, async (client) => {
    const { rows } = await client.query<{ topic_number: number; start_offset: string }>(
      `update reprise.log_partitions set start_offset = greatest(start_offset, least($3::bigint, next_offset))
       where partition = $2 and topic_number = (select topic_number from reprise.log_topics where topic = $1)
       returning topic_number, start_offset`,
      [topic, partition, offset.toString()],
    );
    const row = rows[0];
    if (row === undefined) throw unknownTopic(`${topic}[${partition}]`);
    await client.query(
      `delete from ${recordTable(row.topic_number)} where topic_number = $1 and partition = $2 and "offset" < $3`,
      [row.topic_number, partition, row.start_offset],
    );
    return BigInt(row.start_offset);
  });
}

/** Creates a topic unless it exists. @returns its number of partitions */
async function createTopic(client: PoolClient, topic: string, partitions: number): Promise<number> {
  const created = await client.query<{ topic_number: number }>(
    'insert into reprise.log_topics (topic) values ($1) on conflict do nothing returning topic_number',
    [topic],
  );
  const number = created.rows[0]?.topic_number;
  if (number === undefined) {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from reprise.log_partitions
       where topic_number = (select topic_number from reprise.log_topics where topic = $1)`,
      [topic],
    );
    return rows[0]?.count ?? 0;
  }
  await client.query(
    'insert into reprise.log_partitions (topic_number, partition) select $1, generate_series(0, $2::int - 1)',
    [number, partitions],
  );
  await client.query(
    `create table ${recordTable(number)} partition of reprise.log_records for values in (${number})`,
  );
  return partitions;
}

/** Runs `work` in a transaction of its own. @throws what `logError` makes of a failure */
export function inLogTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  return inTransaction(pool, work).catch((error: unknown) => {
    throw logError(error, 'writing');
  });
}
