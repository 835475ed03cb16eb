import type { ClientBase } from 'pg';
import type { LateEvent } from '../../fold/task/task-fold.ts';
import type { TaskKey } from './task-key.ts';

/** Events written by one statement. */
const EVENTS_PER_STATEMENT_MAX = 1_000;

/** Writes events that were too late to count, in the transaction of their batch (law 5). */
export async function writeLateEvents(
  client: ClientBase,
  task: TaskKey,
  events: readonly LateEvent[],
): Promise<void> {
  for (let from = 0; from < events.length; from += EVENTS_PER_STATEMENT_MAX) {
    await insertEvents(client, task, events.slice(from, from + EVENTS_PER_STATEMENT_MAX));
  }
}

async function insertEvents(
  client: ClientBase,
  task: TaskKey,
  events: readonly LateEvent[],
): Promise<void> {
  const time = (column: string) => `to_timestamp(${column} / 1000.0)`;
  await client.query(
    `insert into reprise.late_events (projection, version, topic, partition, "offset", event_time, watermark,
       window_start, window_end, key, payload)
     select $1, $2, topic, partition, "offset", ${time('event_ms')}, ${time('watermark_ms')},
       ${time('start_ms')}, ${time('end_ms')},
       case when key is not null then array(select jsonb_array_elements_text(key)) end, payload
     from unnest($3::text[], $4::int[], $5::bigint[], $6::float8[], $7::float8[], $8::float8[], $9::float8[],
       $10::jsonb[], $11::bytea[]) with ordinality
       as given (topic, partition, "offset", event_ms, watermark_ms, start_ms, end_ms, key, payload, n)
     order by n`,
    [
      task.projection,
      task.version,
      events.map(({ topic }) => topic),
      events.map(({ partition }) => partition),
      events.map(({ offset }) => offset.toString()),
      events.map(({ eventTimeMs }) => eventTimeMs),
      events.map(({ watermarkMs }) => watermarkMs),
      events.map(({ windowStartMs }) => windowStartMs),
      events.map(({ windowEndMs }) => windowEndMs),
      events.map(({ key }) => (key === null ? null : JSON.stringify(key))),
      events.map(({ payload }) => payload),
    ],
  );
}

/**
 * Gives the late events of a version the keys that another version of the projection stored for the
 * same record and window. Keys are stored as text.
 */
export async function copyLateKeys(
  client: ClientBase,
  to: { readonly name: string; readonly version: number },
  from: { readonly version: number },
): Promise<void> {
  await client.query(
    `update reprise.late_events l set key = r.key from reprise.late_events r
     where l.projection = $1 and l.version = $2 and r.projection = $1 and r.version = $3
       and l.topic = r.topic and l.partition = r.partition and l."offset" = r."offset"
       and l.window_start is not distinct from r.window_start and l.key is distinct from r.key`,
    [to.name, to.version, from.version],
  );
}
