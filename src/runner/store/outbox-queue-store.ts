import type { ClientBase, Pool } from 'pg';
import type { OutboxRecord } from './outbox-store.ts';

/** An event of the outbox that may be published. */
export interface QueuedEvent extends Omit<OutboxRecord, 'cause'> {
  readonly id: string;
  /** `projection/version/partition` of the task that emitted it. */
  readonly task: string;
  /** Target partition; null: not decided yet. */
  readonly target: number | null;
  /** Number of failed attempts. */
  readonly attempts: number;
}

/** A numbered event: an attempt to append it may have succeeded. */
export interface NumberedEvent extends QueuedEvent {
  readonly target: number;
  readonly publisher: string;
  readonly sequence: number;
  readonly watermarkMs: number | null;
}

interface Row {
  id: string;
  task: string;
  event_id: string;
  event: string;
  topic: string;
  schema_text: string | null;
  key: Buffer | null;
  value: Buffer;
  record_timestamp_ms: number;
  target_partition: number | null;
  attempts: number;
  publisher: string;
  sequence: string | null;
  watermark_ms: number | null;
}

const COLUMNS = `o.id, concat_ws('/', o.projection, o.version, o.partition) as task, o.event_id, o.event, o.topic, o.schema_text, o.key, o.value,
  o.record_timestamp_ms, o.target_partition, o.attempts, o.sequence, o.watermark_ms, (select publisher from reprise.publisher)`;

/**
 * Takes the lock of the outbox: only this transaction publishes, over all processes, until it ends.
 * @returns whether it has the lock
 */
export async function lockOutbox(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>(
    `select pg_try_advisory_xact_lock(hashtext('reprise.outbox')) as mine`,
  );
  return rows[0]?.mine ?? false;
}

/** Reads the topics with events to publish, with one index look-up per topic. */
export async function waitingTopics(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ topic: string }>(
    `with recursive found as (
       (select topic from reprise.outbox where not held order by topic limit 1)
       union all
       select (select o.topic from reprise.outbox o where not o.held and o.topic > found.topic order by o.topic limit 1)
       from found where found.topic is not null)
     select topic from found where topic is not null`,
  );
  return rows.map(({ topic }) => topic);
}

/**
 * Reads the numbered events of a topic, except those for `busy` partitions. They are sent first, in
 * this order.
 */
export async function readNumbered(
  pool: Pool,
  topic: string,
  busy: readonly number[],
): Promise<readonly NumberedEvent[]> {
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from reprise.outbox o
     where o.topic = $1 and o.sequence is not null and not (o.target_partition = any($2::int[])) order by o.sequence`,
    [topic, busy],
  );
  return rows.map((row) => numbered(row));
}

/**
 * Reads the oldest events of a topic that may be sent now, to partitions that are not `busy`.
 * Events that failed recently wait until they are due, and so do later events of their keys. Events
 * without a key wait for no others.
 */
export async function readQueue(
  pool: Pool,
  topic: string,
  busy: readonly number[],
  limit: number,
): Promise<readonly QueuedEvent[]> {
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from reprise.outbox o
     where o.topic = $1 and not o.held and o.sequence is null and coalesce(o.retry_at <= clock_timestamp(), true)
       and (o.target_partition is null or not (o.target_partition = any($2::int[])))
       and not exists (select from reprise.outbox f where f.topic = $1 and f.error is not null
         and f.retry_at > clock_timestamp() and f.key = o.key and f.id < o.id)
     order by o.id limit $3`,
    [topic, busy, limit],
  );
  return rows.map((row) => ({ ...event(row), target: row.target_partition }));
}

/** Stores the target partitions of events. */
export async function setTargets(
  pool: Pool,
  events: readonly { readonly id: string; readonly target: number }[],
): Promise<void> {
  await pool.query(
    `update reprise.outbox o set target_partition = u.target
     from unnest($1::bigint[], $2::int[]) as u (id, target) where o.id = u.id`,
    [events.map(({ id }) => id), events.map(({ target }) => target)],
  );
}

/**
 * Reserves `count` numbers. @returns the name of this outbox as a publisher, and the first number;
 * the row is locked until the transaction ends
 */
export async function takeNumbers(
  client: ClientBase,
  count: number,
): Promise<{ readonly publisher: string; readonly first: number }> {
  const { rows } = await client.query<{ publisher: string; last: string }>(
    `update reprise.publisher set last_sequence =
       greatest(last_sequence, floor(extract(epoch from clock_timestamp()) * 1000000)::bigint) + $1
     returning publisher, last_sequence as last`,
    [count],
  );
  const [row] = rows;
  if (row === undefined) throw new TypeError('reprise.publisher has no row');
  return { publisher: row.publisher, first: Number(row.last) - count + 1 };
}

/**
 * Stores the numbers, target partitions and watermarks of events.
 * @returns the ids of the events that had no number: another relay that also believes itself to be
 * the only one may have numbered the others
 */
export async function setNumbers(
  client: ClientBase,
  events: readonly NumberedEvent[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    `update reprise.outbox o set sequence = u.sequence, target_partition = u.target, watermark_ms = u.watermark
     from unnest($1::bigint[], $2::int[], $3::bigint[], $4::float8[]) as u (id, target, sequence, watermark)
     where o.id = u.id and o.sequence is null returning o.id`,
    [
      events.map(({ id }) => id),
      events.map(({ target }) => target),
      events.map(({ sequence }) => sequence),
      events.map(({ watermarkMs }) => watermarkMs),
    ],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Removes the numbers of events that are certainly not in the log. They may go to another partition
 * next time.
 */
export async function takeBack(pool: Pool, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await pool.query(
    `update reprise.outbox set sequence = null, target_partition = null, watermark_ms = null where id = any($1::bigint[])`,
    [ids],
  );
}

/** Why events could not be published. */
export interface PublishFailure {
  readonly ids: readonly string[];
  readonly error: string;
  /** True: the event itself was refused. Then only later events of its key wait. */
  readonly refused: boolean;
  /** Milliseconds until the next attempt. */
  readonly retryMs: number;
}

/** Records why events could not be published, and when they are tried again. */
export async function setFailure(pool: Pool, failure: PublishFailure): Promise<void> {
  await pool.query(
    `update reprise.outbox set error = $2, refused = $3, attempts = attempts + 1,
       failing_since = coalesce(failing_since, clock_timestamp()), retry_at = clock_timestamp() + $4 * interval '1 millisecond'
     where id = any($1::bigint[])`,
    [failure.ids, failure.error, failure.refused, failure.retryMs],
  );
}

/** Deletes events that the log has acknowledged. */
export async function forgetPublished(pool: Pool, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await pool.query('delete from reprise.outbox where id = any($1::bigint[])', [ids]);
}

function numbered(row: Row): NumberedEvent {
  return {
    ...event(row),
    target: row.target_partition as number,
    publisher: row.publisher,
    sequence: Number(row.sequence),
    watermarkMs: row.watermark_ms,
  };
}

function event(row: Row): Omit<QueuedEvent, 'target'> {
  return {
    id: row.id,
    task: row.task,
    eventId: row.event_id,
    event: row.event,
    topic: row.topic,
    schemaText: row.schema_text,
    key: row.key,
    value: row.value,
    timestampMs: row.record_timestamp_ms,
    attempts: row.attempts,
  };
}
