import type { ClientBase } from 'pg';
import type { LateEvent } from '../../fold/task/task-fold.ts';
import type { TaskKey } from './task-key.ts';

/** Keeps events that came too late to count, in the transaction of their batch (law 5). */
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
