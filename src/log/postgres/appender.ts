import type { Pool, PoolClient } from 'pg';
import { AmbiguousCommit, isMissingTable } from '../../postgres/classify.ts';
import { RepriseError } from '../../reprise-error.ts';
import { encodeHeaders } from '../encode-headers.ts';
import type { AppendRecord, Position } from '../event-log.ts';
import { partitionFor } from '../partition-for.ts';
import { unknownTopic } from './log-error.ts';
import { inLogTransaction, readTopics, recordTable, type StoredTopic } from './stored-topic.ts';

/** Channel that is notified with a topic's name when records of it were committed. */
export const WAKE_UP_CHANNEL = 'reprise_log';

/** Maximum bytes of one statement, far below Postgres's limit of 1 GB per parameter. */
const STATEMENT_BYTES_MAX = 16 * 1024 * 1024;

interface PartitionRecords {
  readonly topic: StoredTopic;
  readonly partition: number;
  /** Indexes in the caller's list, in its order. */
  readonly indexes: number[];
}

/** Appends records. Caches topics, and counts the round robin of records without key. */
export class Appender {
  readonly #pool: Pool;
  #known = new Map<string, StoredTopic>();
  #roundRobin = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Appends in one transaction: 1 lock the partitions in a fixed order, so that appenders wait
   * instead of deadlocking, 2 take their next offsets, 3 insert, 4 notify readers. Offsets are
   * gapless and in commit order, because the lock is held until commit.
   * @throws UNKNOWN_TOPIC, APPEND_FAILED, LOG_UNAVAILABLE
   */
  async append(records: readonly AppendRecord[]): Promise<readonly Position[]> {
    if (records.length === 0) return [];
    try {
      return await this.#appendOnce(records);
    } catch (error) {
      // The topic was deleted (and perhaps created again) since its number was read: look it up
      // again, once.
      const { cause } = error as { cause?: unknown };
      if (cause instanceof AmbiguousCommit) throw maybeWritten(error);
      if (!isMissingTable(cause) && !isRaced(error)) throw error;
      this.#known.clear();
      return this.#appendOnce(records);
    }
  }

  async #appendOnce(records: readonly AppendRecord[]): Promise<readonly Position[]> {
    await this.#learn(records);
    const parts = this.#partition(records);
    return inLogTransaction(this.#pool, async (client) => {
      const firsts = await takeOffsets(client, parts); // 1, 2
      const positions = new Array<Position>(records.length);
      for (const [at, part] of parts.entries()) {
        const first = firsts[at] ?? 0n;
        part.indexes.forEach((index, nth) => {
          const offset = first + BigInt(nth);
          positions[index] = { topic: part.topic.topic, partition: part.partition, offset };
        });
        await insertRecords(client, part, records, first); // 3
      }
      const topics = [...new Set(parts.map(({ topic }) => topic.topic))];
      await client.query('select pg_notify($1, topic) from unnest($2::text[]) topic', [
        WAKE_UP_CHANNEL,
        topics,
      ]); // 4
      return positions;
    });
  }

  async #learn(records: readonly AppendRecord[]): Promise<void> {
    const missing = new Set<string>();
    for (const { topic } of records) if (!this.#known.has(topic)) missing.add(topic);
    if (missing.size === 0) return;
    for (const [name, topic] of await readTopics(this.#pool, [...missing])) {
      this.#known.set(name, topic);
      missing.delete(name);
    }
    for (const topic of missing) throw unknownTopic(topic);
  }

  #partition(records: readonly AppendRecord[]): readonly PartitionRecords[] {
    const parts = new Map<string, PartitionRecords>();
    for (const [index, record] of records.entries()) {
      const topic = this.#known.get(record.topic);
      if (topic === undefined) throw unknownTopic(record.topic);
      const count = topic.partitions.length;
      const partition =
        record.partition ?? partitionFor(record.key, count, this.#counterFor(record));
      if (!Number.isInteger(partition) || partition < 0 || partition >= count) {
        throw noPartition(record.topic, partition, count);
      }
      const name = `${topic.number}/${partition}`;
      const part = parts.get(name);
      if (part === undefined) parts.set(name, { topic, partition, indexes: [index] });
      else part.indexes.push(index);
    }
    return [...parts.values()];
  }

  #counterFor({ key }: AppendRecord): number {
    if (key === null) this.#roundRobin = (this.#roundRobin + 1) % 0x7fff_ffff;
    return this.#roundRobin;
  }
}

/** Returns the first offset of each part, in the order of `parts`. */
async function takeOffsets(
  client: PoolClient,
  parts: readonly PartitionRecords[],
): Promise<readonly bigint[]> {
  const { rows } = await client.query<{ nth: number; first: string }>(
    `with wanted as (
       select number, part, added, nth::int from unnest($1::int[], $2::int[], $3::bigint[]) with ordinality as u (number, part, added, nth)
     ), locked as materialized (
       select p.topic_number, p.partition from reprise.log_partitions p
       join wanted on p.topic_number = wanted.number and p.partition = wanted.part
       order by p.topic_number, p.partition for update of p
     )
     update reprise.log_partitions p set next_offset = p.next_offset + wanted.added
     from wanted join locked on locked.topic_number = wanted.number and locked.partition = wanted.part
     where p.topic_number = wanted.number and p.partition = wanted.part
     returning wanted.nth, p.next_offset - wanted.added as first`,
    [
      parts.map(({ topic }) => topic.number),
      parts.map(({ partition }) => partition),
      parts.map(({ indexes }) => indexes.length),
    ],
  );
  if (rows.length !== parts.length) throw raced(parts[0]?.topic.topic ?? '');
  const firsts = new Array<bigint>(parts.length);
  for (const { nth, first } of rows) firsts[nth - 1] = BigInt(first);
  return firsts;
}

/**
 * Inserts a part in statements of limited size. All bytes are sent as one binary parameter that the
 * server splits: an array of bytea would be sent as hex text, twice the size and parsed byte by
 * byte.
 */
async function insertRecords(
  client: PoolClient,
  { topic, partition, indexes }: PartitionRecords,
  records: readonly AppendRecord[],
  first: bigint,
): Promise<void> {
  const statement = new Statement();
  const send = async () => {
    await client.query(
      `insert into ${recordTable(topic.number)} (topic_number, partition, "offset", timestamp_ms, key, value, headers)
       select $1, $2, "offset", at, substring($3::bytea from key_start for key_length),
         substring($3::bytea from key_start + coalesce(key_length, 0) for value_length),
         substring($3::bytea from key_start + coalesce(key_length, 0) + coalesce(value_length, 0) for headers_length)
       from unnest($4::bigint[], $5::float8[], $6::int[], $7::int[], $8::int[], $9::int[])
         as u ("offset", at, key_start, key_length, value_length, headers_length)`,
      [topic.number, partition, ...statement.take()],
    );
  };
  const now = Date.now();
  for (const [nth, index] of indexes.entries()) {
    const record = records[index];
    if (record === undefined) continue;
    statement.add(first + BigInt(nth), record, now);
    if (statement.bytes >= STATEMENT_BYTES_MAX) await send();
  }
  if (statement.bytes > 0) await send();
}

/** Collects the parameters of one insert. */
class Statement {
  bytes = 0;
  #chunks: Buffer[] = [];
  #offsets: string[] = [];
  #timestamps: number[] = [];
  #starts: number[] = [];
  #keys: (number | null)[] = [];
  #values: (number | null)[] = [];
  #headers: number[] = [];

  add(offset: bigint, { key, value, headers, timestampMs }: AppendRecord, now: number): void {
    const encoded = encodeHeaders(headers);
    this.#offsets.push(offset.toString());
    this.#timestamps.push(timestampMs ?? now);
    this.#starts.push(this.bytes + 1); // SQL counts from 1.
    this.#keys.push(key === null ? null : key.length);
    this.#values.push(value === null ? null : value.length);
    this.#headers.push(encoded.length);
    for (const chunk of [key, value, encoded]) {
      if (chunk === null) continue;
      this.#chunks.push(chunk);
      this.bytes += chunk.length;
    }
  }

  take(): readonly unknown[] {
    const parameters = [
      Buffer.concat(this.#chunks, this.bytes),
      this.#offsets,
      this.#timestamps,
      this.#starts,
      this.#keys,
      this.#values,
      this.#headers,
    ];
    this.bytes = 0;
    this.#chunks = [];
    this.#offsets = [];
    this.#timestamps = [];
    this.#starts = [];
    this.#keys = [];
    this.#values = [];
    this.#headers = [];
    return parameters;
  }
}

function raced(topic: string): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `Topic ${topic} was deleted while records were appended to it; none were. Create it again (setUp) and append again.`,
    { retriable: true, facts: { topic, raced: true } },
  );
}

function isRaced(error: unknown): boolean {
  return error instanceof RepriseError && error.facts['raced'] === true;
}

function noPartition(topic: string, partition: number, count: number): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `Topic ${topic} has the partitions 0 to ${count - 1}; a record was given partition ${partition}. Leave the partition out to have the key decide.`,
    { facts: { topic, partition } },
  );
}

/** Creates the error of an append that may or may not be in the log; it does not advise a retry. */
function maybeWritten(cause: unknown): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    'The connection to the log kept in Postgres was lost during COMMIT. The records may have been written: read the end of the topic before you append them again, or let their consumers drop repetitions.',
    { cause, facts: { written: 'maybe' } },
  );
}
