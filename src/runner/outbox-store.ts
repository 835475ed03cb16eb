import type { ClientBase, Pool } from 'pg';
import type { TaskKey } from './checkpoint.ts';
import { offsetsJson } from './journal-store.ts';

/** An event on its way to the log, encoded. */
export interface OutboxRecord {
  readonly eventId: string;
  /** Name of the event definition, for people. */
  readonly event: string;
  readonly topic: string;
  /** Avro: the schema to register; null: other formats. */
  readonly schemaText: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly timestampMs: number;
}

/** A record of the outbox as the relay takes it. */
export interface StoredOutboxRecord extends OutboxRecord {
  readonly id: string;
}

/**
 * Puts events into the outbox, in the transaction of the flush they follow from. Those of a version that is not active are held until `activate` knows which of them the old version did not
 * come to (law 9). While it is being built, those that the active version has come to are dropped at once: it has published them, and a log is long. So are those of a first version, which
 * follows no other, and those of a version that is never to be activated.
 */
export async function writeOutbox(
  client: ClientBase,
  task: TaskKey,
  records: readonly OutboxRecord[],
  nextOffsets: ReadonlyMap<string, bigint>,
): Promise<void> {
  if (records.length === 0) return;
  const state = await stateOf(client, task, nextOffsets);
  if (state === 'dropped') return;
  for (const record of records) {
    await client.query(
      `insert into reprise.outbox (projection, version, partition, event_id, event, topic, schema_text, key, value,
         record_timestamp_ms, next_offsets, held)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        task.projection,
        task.version,
        task.partition,
        record.eventId,
        record.event,
        record.topic,
        record.schemaText,
        record.key,
        record.value,
        record.timestampMs,
        offsetsJson(nextOffsets),
        state === 'held',
      ],
    );
  }
}

/** What becomes of events of a version, after a flush that leads to these offsets. */
async function stateOf(
  client: ClientBase,
  task: TaskKey,
  nextOffsets: ReadonlyMap<string, bigint>,
): Promise<'published' | 'held' | 'dropped'> {
  const { rows } = await client.query<{
    state: string;
    activeVersion: number | null;
    asOf: Date | null;
  }>(
    `select v.state, v.as_of as "asOf", p.active_version as "activeVersion"
     from reprise.projection_versions v join reprise.projections p on p.projection = v.projection
     where v.projection = $1 and v.version = $2`,
    [task.projection, task.version],
  );
  const [version] = rows;
  if (version === undefined || version.asOf !== null) return 'dropped';
  if (version.state !== 'building') return version.state === 'active' ? 'published' : 'held';
  if (version.activeVersion === null) return 'dropped';
  const active = await readActiveOffsets(client, task);
  const isBeyond = [...nextOffsets].some(([topic, offset]) => offset > (active.get(topic) ?? 0n));
  return isBeyond ? 'held' : 'dropped';
}

/** Where the active version of a task's projection stands on the task's partition, by topic; empty without one. */
export async function readActiveOffsets(
  client: ClientBase | Pool,
  { projection, partition }: TaskKey,
): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await client.query<{ topic: string; offset: string }>(
    `select c.topic, c.next_offset as offset
     from reprise.projections p join reprise.checkpoints c on c.projection = p.projection and c.version = p.active_version
     where p.projection = $1 and c.partition = $2`,
    [projection, partition],
  );
  return new Map(rows.map(({ topic, offset }) => [topic, BigInt(offset)]));
}

/**
 * At the switch from one version to the next, in its transaction: what the old version has published or put in the outbox is dropped from the new one's
 * held events; what lies beyond the old version's offsets is released. A flush that reaches beyond them is released whole: its events keep their ids.
 */
export async function releaseHeld(
  client: ClientBase,
  target: { readonly projection: string; readonly from: number; readonly to: number },
): Promise<void> {
  await client.query(
    `update reprise.outbox as o set held = false
     where projection = $1 and version = $3 and held and exists (
       select 1 from jsonb_each_text(o.next_offsets) as n
       left join reprise.checkpoints c on c.projection = o.projection and c.version = $2
         and c.partition = o.partition and c.topic = n.key
       where n.value::bigint > coalesce(c.next_offset, 0))`,
    [target.projection, target.from, target.to],
  );
  await client.query('delete from reprise.outbox where projection = $1 and version = $2 and held', [
    target.projection,
    target.to,
  ]);
}

/** The oldest events to publish, locked so that no other relay takes them; empty when there are none or another relay is at work. */
export async function takeOutbox(
  client: ClientBase,
  limit: number,
): Promise<readonly StoredOutboxRecord[]> {
  const { rows: locks } = await client.query<{ mine: boolean }>(
    `select pg_try_advisory_xact_lock(hashtext('reprise.outbox')) as mine`,
  );
  if (locks[0]?.mine !== true) return [];
  const { rows } = await client.query<{
    id: string;
    event_id: string;
    event: string;
    topic: string;
    schema_text: string | null;
    key: Buffer | null;
    value: Buffer;
    record_timestamp_ms: number;
  }>(
    `select id, event_id, event, topic, schema_text, key, value, record_timestamp_ms
     from reprise.outbox where not held order by id limit $1`,
    [limit],
  );
  return rows.map((row) => ({
    id: row.id,
    eventId: row.event_id,
    event: row.event,
    topic: row.topic,
    schemaText: row.schema_text,
    key: row.key,
    value: row.value,
    timestampMs: row.record_timestamp_ms,
  }));
}

/** Forgets events that the log has acknowledged. */
export async function deleteOutbox(client: ClientBase, ids: readonly string[]): Promise<void> {
  await client.query('delete from reprise.outbox where id = any($1::bigint[])', [ids]);
}
