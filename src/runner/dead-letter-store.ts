import type { ClientBase } from 'pg';
import type { DeadLetter } from '../fold/task-fold.ts';
import type { TaskKey } from './checkpoint.ts';

/** A dead letter, with how often folding it was tried. */
export interface TriedLetter extends DeadLetter {
  readonly attempts: number;
  /** `failed`: its key is held at it; `waiting`: it waits behind one that failed; null: only itself is set aside. */
  readonly quarantine: 'failed' | 'waiting' | null;
}

/** Record keys that are held in a task: their later records wait. */
export async function readHeldKeys(client: ClientBase, task: TaskKey): Promise<readonly Buffer[]> {
  const { rows } = await client.query<{ key: Buffer }>(
    `select distinct key from reprise.dead_letters
     where projection = $1 and version = $2 and partition = $3 and quarantine is not null and key is not null`,
    [task.projection, task.version, task.partition],
  );
  return rows.map(({ key }) => key);
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
         record_timestamp, key, value, headers, attempts, quarantine)
       values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0), $9, $10, $11, $12, $13)
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
        letter.quarantine,
      ],
    );
  }
}

/** Takes letters that were folded after all out of the dead letters. */
export async function removeDeadLetters(
  client: ClientBase,
  task: TaskKey,
  records: readonly { readonly topic: string; readonly offset: bigint }[],
): Promise<void> {
  for (const { topic, offset } of records) {
    await client.query(
      `delete from reprise.dead_letters
       where projection = $1 and version = $2 and partition = $3 and topic = $4 and "offset" = $5`,
      [task.projection, task.version, task.partition, topic, offset.toString()],
    );
  }
}
