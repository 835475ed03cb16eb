import type { ClientBase } from 'pg';
import type { LateEvent } from '../../fold/task/task-fold.ts';
import type { TaskKey } from './task-key.ts';

/** Writes events that were too late to count, in the transaction of their batch (law 5). */
export async function writeLateEvents(
  client: ClientBase,
  task: TaskKey,
  events: readonly LateEvent[],
): Promise<void> {
  for (const event of events) {
    await client.query(
      `insert into reprise.late_events (projection, version, topic, partition, "offset", event_time, watermark,
         window_start, window_end, key, payload)
       values ($1, $2, $3, $4, $5, to_timestamp($6 / 1000.0), to_timestamp($7 / 1000.0),
         to_timestamp($8 / 1000.0), to_timestamp($9 / 1000.0), $10, $11)`,
      [
        task.projection,
        task.version,
        event.topic,
        event.partition,
        event.offset.toString(),
        event.eventTimeMs,
        event.watermarkMs,
        event.windowStartMs,
        event.windowEndMs,
        event.key,
        event.payload,
      ],
    );
  }
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
