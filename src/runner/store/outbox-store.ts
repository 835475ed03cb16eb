import type { ClientBase, Pool } from 'pg';
import type { Cause } from '../../fold/task/task-fold.ts';
import { coverageSql, isCoveredSql } from './take-over-coverage.ts';
import type { TaskKey } from './task-key.ts';

/** An encoded event on its way to the log. */
export interface OutboxRecord {
  readonly eventId: string;
  /** Name of the event definition, for operators. */
  readonly event: string;
  readonly topic: string;
  /** The schema to register, for Avro; null: other formats. */
  readonly schemaText: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly cause: Cause;
}

/** Events written by one statement. */
const RECORDS_PER_STATEMENT_MAX = 1_000;

/** Whether the events of a version are held, and which version's coverage drops them. */
interface Gate {
  readonly isHeld: boolean;
  readonly by: { readonly version: number; readonly whose: 'committed' | 'replaced' };
}

/**
 * Writes events to the outbox, in the transaction of the flush that emitted them, after its
 * offsets. One rule (law 9, ADR 0037): an event is published unless its cause is covered by the
 * version that this one replaced. So events of the active version are published, except those that
 * an earlier version has already answered for. Events of another version are dropped if the active
 * version has passed their cause, and held otherwise, until a switch. A version that can never be
 * activated publishes nothing.
 */
export async function writeOutbox(
  client: ClientBase,
  task: TaskKey,
  records: readonly OutboxRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const gate = await gateOf(client, task);
  if (gate === null) return;
  if (gate.isHeld) await dropCovered(client, task, { partition: task.partition, ...gate.by });
  for (let from = 0; from < records.length; from += RECORDS_PER_STATEMENT_MAX) {
    const some = records.slice(from, from + RECORDS_PER_STATEMENT_MAX);
    await insertUncovered(client, task, some, gate);
  }
}

/** Returns the gate of a version. Null: its events are never published. */
async function gateOf(client: ClientBase, task: TaskKey): Promise<Gate | null> {
  const { rows } = await client.query<{ activeVersion: number | null; asOf: Date | null }>(
    `select v.as_of as "asOf", p.active_version as "activeVersion"
     from reprise.projection_versions v join reprise.projections p on p.projection = v.projection
     where v.projection = $1 and v.version = $2`,
    [task.projection, task.version],
  );
  const [version] = rows;
  if (version === undefined || version.asOf !== null) return null;
  const active = version.activeVersion;
  return active === null || active === task.version
    ? { isHeld: active === null, by: { version: task.version, whose: 'replaced' } }
    : { isHeld: true, by: { version: active, whose: 'committed' } };
}

async function insertUncovered(
  client: ClientBase,
  task: TaskKey,
  records: readonly OutboxRecord[],
  { isHeld, by }: Gate,
): Promise<void> {
  const covered = isCoveredSql({ alias: 'e', records: 'e.cause_records', version: '$4' });
  await client.query(
    `with ${coverageSql(by.whose)}
     insert into reprise.outbox (projection, version, partition, held, event_id, event, topic, schema_text, key, value,
       record_timestamp_ms, cause_records, due_ms)
     select $1, $4, e.partition, $5, event_id, event, e.topic, schema_text, key, value, timestamp_ms, cause_records, due_ms
     from (select $3::int as partition, given.* from unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[],
         $11::bytea[], $12::double precision[], $13::jsonb[], $14::double precision[]) with ordinality
       as given (event_id, event, topic, schema_text, key, value, timestamp_ms, cause_records, due_ms, n)) as e
     where not (${covered}) order by n`,
    [
      task.projection,
      by.version,
      task.partition,
      task.version,
      isHeld,
      records.map(({ eventId }) => eventId),
      records.map(({ event }) => event),
      records.map(({ topic }) => topic),
      records.map(({ schemaText }) => schemaText),
      records.map(({ key }) => key),
      records.map(({ value }) => value),
      records.map(({ timestampMs }) => timestampMs),
      records.map(({ cause }) => JSON.stringify(cause.records)),
      records.map(({ cause }) => cause.dueMs),
    ],
  );
}

/**
 * Deletes held events whose cause the active version has passed in the meantime. So the events of a
 * version that is never activated do not accumulate.
 */
async function dropCovered(
  client: ClientBase,
  { projection, version }: Pick<TaskKey, 'projection' | 'version'>,
  by: Gate['by'] & { readonly partition: number | null },
): Promise<void> {
  const records = `coalesce(e.cause_records, (select jsonb_agg(jsonb_build_object('topic', n.key, 'offset', n.value::bigint - 1))
    from jsonb_each_text(e.next_offsets) as n where n.value <> '0'))`;
  await client.query(
    `with ${coverageSql(by.whose)}
     delete from reprise.outbox e
     where e.projection = $1 and e.version = $4 and e.held and ($3::int is null or e.partition = $3)
       and ${isCoveredSql({ alias: 'e', records, version: '$4' })}`,
    [projection, by.version, by.partition, version],
  );
}

/**
 * Releases held events at the switch to a version, in the transaction of the switch, after
 * `takeOverCoverage`. Events whose cause the previous version has covered are deleted. A first
 * version takes over nothing.
 */
export async function releaseHeld(
  client: ClientBase,
  to: { readonly projection: string; readonly version: number; readonly isFirst: boolean },
): Promise<void> {
  const { projection, version, isFirst } = to;
  if (!isFirst) {
    await dropCovered(client, to, { version, whose: 'replaced', partition: null });
  }
  await client.query(
    'update reprise.outbox set held = false where projection = $1 and version = $2 and held',
    [projection, version],
  );
}

/**
 * Reads the time of the earliest event of a topic that is still to be sent, except refused events
 * and later ones of their keys. Infinity: there is none.
 */
export async function readEarliestQueued(
  pool: Pool,
  topic: string,
  sending: readonly string[] | null,
): Promise<number> {
  const others =
    sending === null ? '' : 'and o.sequence is null and not (o.id = any($2::bigint[]))';
  const { rows } = await pool.query<{ at: number }>(
    `select o.record_timestamp_ms as at from reprise.outbox o
     where o.topic = $1 and not o.held and not o.refused ${others}
       and not exists (select from reprise.outbox f where f.topic = $1 and f.error is not null and f.refused and f.key = o.key and f.id < o.id)
     order by o.record_timestamp_ms limit 1`,
    sending === null ? [topic] : [topic, sending],
  );
  return rows[0]?.at ?? Number.POSITIVE_INFINITY;
}

/** Limit of failures read, over all projections. */
const FAILURES_MAX = 100;

/**
 * An event that could not be published. It is retried until it succeeds. Later events of its key
 * wait behind it, in order; those of other keys wait only if the whole topic or partition refuses.
 */
export interface PublishFailureStatus {
  readonly topic: string;
  /** Name of the event definition. */
  readonly event: string;
  /** The record key as text; null: the event has no key. */
  readonly key: string | null;
  readonly eventId: string;
  readonly since: Date;
  readonly attempts: number;
  /** Why, and what to do: `CODE: message`. */
  readonly error: string;
  readonly retryAt: Date;
}

/** An event that could not be published, with the version that emitted it. */
export interface StoredPublishFailure extends PublishFailureStatus {
  readonly projection: string;
  readonly version: number;
}

/**
 * Reads the events of some projections that could not be published: the first of each topic and
 * key, longest failing first.
 */
export async function readPublishFailures(
  client: ClientBase,
  projections: readonly string[],
): Promise<readonly StoredPublishFailure[]> {
  const { rows } = await client.query<Omit<StoredPublishFailure, 'key'> & { key: Buffer | null }>(
    `select * from (
       select distinct on (projection, version, topic, key) projection, version, topic, event, key, event_id as "eventId",
         failing_since as since, attempts, error, retry_at as "retryAt"
       from reprise.outbox where error is not null and projection = any($1)
       order by projection, version, topic, key, id) f
     order by since, topic limit $2`,
    [projections, FAILURES_MAX],
  );
  return rows.map(({ key, ...row }) => ({ ...row, key: key?.toString() ?? null }));
}
