import type { ClientBase } from 'pg';
import type { DeadLetter } from '../fold/task-fold.ts';
import type { TaskKey } from './checkpoint.ts';

/** A dead letter, with how often folding it was tried. */
export interface TriedLetter extends DeadLetter {
  readonly attempts: number;
}

/** Keeps the records that could not be folded, in the transaction of their batch. Writing one again changes nothing. */
export async function writeDeadLetters(
  client: ClientBase,
  task: TaskKey,
  deadLetters: readonly TriedLetter[],
): Promise<void> {
  for (const letter of deadLetters) {
    await client.query(
      `insert into reprise.dead_letters (projection, version, topic, partition, "offset", reason, message,
         record_timestamp, key, value, headers, attempts)
       values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0), $9, $10, $11, $12)
       on conflict do nothing`,
      [
        task.projection,
        task.version,
        letter.topic,
        letter.partition,
        letter.offset.toString(),
        letter.reason,
        letter.message,
        letter.timestampMs,
        letter.key,
        letter.value,
        JSON.stringify(
          letter.headers.map((header) => ({
            key: header.key,
            value: header.value?.toString('base64') ?? null,
          })),
        ),
        letter.attempts,
      ],
    );
  }
}
