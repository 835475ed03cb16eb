import type { ClientBase } from 'pg';
import type { DeadLetter } from '../../fold/task/task-fold.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { HeldLetter, TaskKey } from './task-key.ts';
import { taskLabel } from './task-key.ts';

/** A dead letter, with how often folding it was tried. */
export interface TriedLetter extends DeadLetter {
  readonly attempts: number;
  /**
   * `failed`: its key is held at it; `waiting`: it waits behind one that failed; null: only itself
   * is set aside.
   */
  readonly quarantine: 'failed' | 'waiting' | null;
  /** The task folds it again by itself: a policy with retries. */
  readonly isRetried: boolean;
}

/** What is held in a task: later records of these keys wait. */
export async function readHeldLetters(
  client: ClientBase,
  task: TaskKey,
): Promise<readonly HeldLetter[]> {
  const { rows } = await client.query<Omit<HeldLetter, 'offset'> & { offset: string }>(
    `select distinct on (key, alone) key, topic, "offset", attempts from (
       select key, topic, "offset", attempts, seq, case when key is null then seq end as alone
       from reprise.dead_letters
       where projection = $1 and version = $2 and partition = $3 and quarantine is not null
     ) held order by key, alone, seq`,
    [task.projection, task.version, task.partition],
  );
  return rows.map((row) => ({ ...row, offset: BigInt(row.offset) }));
}

/**
 * Letters of one statement, and bytes of their values: topics full of garbage are written in few
 * statements, and none is large.
 */
const LETTERS_PER_STATEMENT_MAX = 500;
const BYTES_PER_STATEMENT_MAX = 1 << 20;

/**
 * Keeps the records that could not be folded, in the transaction of their batch. Writing one again
 * changes nothing.
 */
export async function writeDeadLetters(
  client: ClientBase,
  task: TaskKey,
  deadLetters: readonly TriedLetter[],
): Promise<void> {
  for (let from = 0; from < deadLetters.length; ) {
    const until = statementEnd(deadLetters, from);
    const rows = deadLetters.slice(from, until).map((letter) => parametersOf(task, letter));
    const width = rows[0]?.length ?? 0;
    const tuples = rows.map((_, row) => {
      const place = (column: number) => `$${row * width + column}`;
      const places = Array.from({ length: width }, (__, i) =>
        i + 1 === TIMESTAMP ? `to_timestamp(${place(i + 1)} / 1000.0)` : place(i + 1),
      );
      return `(${places.join(', ')})`;
    });
    await client.query(
      `insert into reprise.dead_letters (projection, version, topic, partition, "offset", reason, message,
         record_timestamp, key, value, headers, attempts, quarantine, is_retried)
       values ${tuples.join(', ')} on conflict do nothing`,
      rows.flat(),
    );
    from = until;
  }
}

/** Where among the parameters of a letter its timestamp is, in milliseconds. */
const TIMESTAMP = 8;

function statementEnd(letters: readonly TriedLetter[], from: number): number {
  let bytes = 0;
  let until = from;
  while (until < letters.length && until - from < LETTERS_PER_STATEMENT_MAX) {
    bytes += letters[until]?.value?.length ?? 0;
    if (until > from && bytes > BYTES_PER_STATEMENT_MAX) break;
    until += 1;
  }
  return until;
}

function parametersOf(task: TaskKey, letter: TriedLetter): unknown[] {
  const headers = letter.headers.map((header) => ({
    key: header.key,
    value: header.value?.toString('base64') ?? null,
  }));
  return [
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
    JSON.stringify(headers),
    letter.attempts,
    letter.quarantine,
    letter.isRetried,
  ];
}

/**
 * Deletes the letters that a batch folds, in the transaction that folds them: only the transaction
 * that deletes a letter folds it.
 * @throws UNKNOWN_DEAD_LETTER where one is not there any more: another redrive has folded it, or it
 * was discarded. Nothing may be written then.
 */
export async function claimDeadLetters(
  client: ClientBase,
  task: TaskKey,
  records: readonly { readonly topic: string; readonly offset: bigint }[],
): Promise<void> {
  for (const { topic, offset } of records) {
    const { rowCount } = await client.query(
      `delete from reprise.dead_letters
       where projection = $1 and version = $2 and partition = $3 and topic = $4 and "offset" = $5`,
      [task.projection, task.version, task.partition, topic, offset.toString()],
    );
    if (rowCount === 1) continue;
    const { projection, version, partition } = task;
    throw new RepriseError(
      'UNKNOWN_DEAD_LETTER',
      `${topic}[${partition}]@${offset} is not a dead letter of ${taskLabel(task)} any more: another redrive has folded it, or it was discarded. Nothing was folded here; reprise dlq list shows those that are left.`,
      { facts: { projection, version, topic, partition, offset } },
    );
  }
}
