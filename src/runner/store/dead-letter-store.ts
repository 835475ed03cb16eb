import type { ClientBase, Pool } from 'pg';
import type { DeadLetter } from '../../fold/task/task-fold.ts';
import type { LogPosition } from '../../log/log-position.ts';
import type { LogRecord } from '../../log/record-batch.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { QuarantinedLetter, TaskKey } from './task-key.ts';
import { taskLabel } from './task-key.ts';

/** A dead letter, with the number of attempts at it. */
export interface TriedLetter extends DeadLetter {
  readonly attempts: number;
  /**
   * `failed`: its key is quarantined from it on; `waiting`: it waits behind a failed one; null: it
   * is set aside alone.
   */
  readonly quarantine: 'failed' | 'waiting' | null;
  /** True: the task retries it, under a policy with retries. */
  readonly isRetried: boolean;
}

/** Reads the first quarantined letter of each key of a task: later records of these keys wait. */
export async function readQuarantinedLetters(
  client: ClientBase,
  task: TaskKey,
): Promise<readonly QuarantinedLetter[]> {
  const { rows } = await client.query<Omit<QuarantinedLetter, 'offset'> & { offset: string }>(
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
 * Limits of one statement: letters, and bytes of their values. Topics full of unreadable records
 * are written in few statements, and no statement is large.
 */
const LETTERS_PER_STATEMENT_MAX = 500;
const BYTES_PER_STATEMENT_MAX = 1 << 20;

/**
 * Writes records that could not be folded, in the transaction of their batch. Writing one again
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
      const parameter = (column: number) => `$${row * width + column}`;
      const parameters = Array.from({ length: width }, (__, i) =>
        i + 1 === TIMESTAMP ? `to_timestamp(${parameter(i + 1)} / 1000.0)` : parameter(i + 1),
      );
      return `(${parameters.join(', ')})`;
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

/** Index of the timestamp, in milliseconds, among the parameters of a letter (from 1). */
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
 * @throws UNKNOWN_DEAD_LETTER when a letter no longer exists: another redrive folded it, or it was
 * discarded. The transaction must then write nothing.
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
      `${topic}[${partition}]@${offset} is not a dead letter of ${taskLabel(task)} any more: another redrive has folded it, or it was discarded. Nothing was folded here; reprise dlq list shows the remaining ones.`,
      { facts: { projection, version, topic, partition, offset } },
    );
  }
}

const COLUMNS = `projection, version, topic, partition, "offset", reason, message, attempts, quarantine, record_timestamp as "recordTimestamp",
  set_aside_at as "setAsideAt", key, value, headers`;

/** A record that could not be folded and was set aside by the error policy. */
export interface DeadLetterStatus extends Omit<LogRecord, 'timestampMs'> {
  readonly projection: string;
  readonly version: number;
  /** Error code. */
  readonly reason: string;
  readonly message: string;
  readonly attempts: number;
  /**
   * `failed`: later records of its key wait behind it; `waiting`: it is such a later record; null:
   * only this record was set aside.
   */
  readonly quarantine: 'failed' | 'waiting' | null;
  readonly recordTimestamp: Date | null;
  readonly setAsideAt: Date;
}

/** A dead letter as a record that can be folded again. */
export type StoredLetter = DeadLetterStatus & LogRecord;

type Row = Omit<StoredLetter, 'offset' | 'headers' | 'timestampMs'> & {
  readonly offset: string;
  readonly headers: readonly { readonly key: string; readonly value: string | null }[] | null;
};

/** Selects letters. Default: all. */
export interface LetterSelection {
  readonly projection?: string | null;
  readonly version?: number;
  readonly position?: LogPosition | null;
  /** Letters of this record key. */
  readonly key?: Buffer | null;
}

const SELECTED = `($1::text is null or projection = $1) and ($2::int is null or version = $2)
  and ($3::text is null or (topic = $3 and partition = $4 and "offset" = $5)) and ($6::bytea is null or key = $6)`;

function selectedBy({ projection, version, position, key }: LetterSelection): readonly unknown[] {
  const at = [position?.topic, position?.partition, position?.offset.toString()];
  return [projection, version, ...at, key].map((value) => value ?? null);
}

/** Log order, or the order in which the tasks met the letters. */
const ORDERS = {
  log: 'projection, version, topic, partition, "offset"',
  met: 'partition, seq',
} as const;

/** Reads the selected letters. */
export async function readLetters(
  client: Pick<ClientBase, 'query'>,
  selection: LetterSelection,
  order: keyof typeof ORDERS = 'log',
): Promise<readonly StoredLetter[]> {
  const { rows } = await client.query<Row>(
    `select ${COLUMNS} from reprise.dead_letters where ${SELECTED} order by ${ORDERS[order]}`,
    [...selectedBy(selection)],
  );
  return rows.map(letterOf);
}

/** Counts the selected letters of each version. */
export async function countLetters(
  client: Pick<ClientBase, 'query'>,
  selection: LetterSelection,
): Promise<readonly { readonly version: number; readonly letters: number }[]> {
  const { rows } = await client.query<{ version: number; letters: number }>(
    `select version, count(*)::int as letters from reprise.dead_letters
     where ${SELECTED} group by version order by version`,
    [...selectedBy(selection)],
  );
  return rows;
}

/** Reads the positions of a version's letters, by partition. */
export async function readSetAside(
  client: ClientBase,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<ReadonlyMap<number, readonly LogPosition[]>> {
  const { rows } = await client.query<Pick<Row, 'topic' | 'partition' | 'offset'>>(
    'select topic, partition, "offset" from reprise.dead_letters where projection = $1 and version = $2',
    [name, version],
  );
  const letters = new Map<number, LogPosition[]>();
  for (const { topic, partition, offset } of rows) {
    const known = letters.get(partition) ?? [];
    letters.set(partition, known);
    known.push({ topic, partition, offset: BigInt(offset) });
  }
  return letters;
}

/**
 * Reads the first letters of a quarantined key, in order, or the letter without a key at a
 * position. Empty: none of them is quarantined any more.
 */
export async function readQuarantinedKey(
  pool: Pool,
  { projection, version, partition }: TaskKey,
  { key, topic, offset }: QuarantinedLetter,
  limit: number,
): Promise<readonly StoredLetter[]> {
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from reprise.dead_letters
     where projection = $1 and version = $2 and partition = $3 and quarantine is not null
       and case when $4::bytea is null then topic = $5 and "offset" = $6 else key = $4 end
     order by seq limit $7`,
    [projection, version, partition, key, topic, offset.toString(), limit],
  );
  return rows.map(letterOf);
}

function letterOf(row: Row): StoredLetter {
  return {
    ...row,
    offset: BigInt(row.offset),
    timestampMs: row.recordTimestamp?.getTime() ?? 0,
    headers: (row.headers ?? []).map(({ key, value }) => ({
      key,
      value: value === null ? null : Buffer.from(value, 'base64'),
    })),
  };
}

/** Whether an earlier letter of its key still exists. */
export async function waitsBehindAnother(pool: Pool, letter: StoredLetter): Promise<boolean> {
  if (letter.quarantine !== 'waiting') return false;
  const { projection, version, topic, partition, offset, key } = letter;
  const { rows } = await pool.query<{ waits: boolean }>(
    `select exists (select from reprise.dead_letters earlier, reprise.dead_letters this
       where (this.projection, this.version, this.topic, this.partition, this."offset") = ($1, $2, $3, $4, $5)
         and (earlier.projection, earlier.version, earlier.partition) = ($1, $2, $4)
         and earlier.quarantine is not null and earlier.key = $6 and earlier.seq < this.seq) as waits`,
    [projection, version, topic, partition, offset.toString(), key],
  );
  return rows[0]?.waits ?? false;
}

/**
 * Records that a letter failed again: counts the attempt, and marks a waiting letter as failed.
 * @returns whether the letter still existed
 */
export async function recordFailure(
  client: ClientBase,
  letter: LetterSelection,
  failure: { readonly reason: string; readonly message: string },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update reprise.dead_letters set attempts = attempts + 1, reason = $7, message = $8,
       quarantine = case when quarantine is null then null else 'failed' end
     where ${SELECTED}`,
    [...selectedBy(letter), failure.reason, failure.message],
  );
  return rowCount === 1;
}

/**
 * Records the result of an attempt by the task itself: the letter stays quarantined, or is set
 * aside alone (`quarantine` null). Must run under `lockTask`.
 */
export async function recordAttempt(
  client: ClientBase,
  letter: LetterSelection,
  outcome: Pick<TriedLetter, 'attempts' | 'quarantine' | 'isRetried'> & {
    readonly reason: string;
    readonly message: string;
  },
): Promise<void> {
  const { attempts, reason, message, quarantine, isRetried } = outcome;
  await client.query(
    `update reprise.dead_letters
     set attempts = $7, reason = $8, message = $9, quarantine = $10, is_retried = $11
     where ${SELECTED}`,
    [...selectedBy(letter), attempts, reason, message, quarantine, isRetried],
  );
}

/** Counts the quarantined records of a version. */
export async function countQuarantined(
  client: ClientBase,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from reprise.dead_letters
     where projection = $1 and version = $2 and quarantine is not null`,
    [name, version],
  );
  return rows[0]?.n ?? 0;
}

/** Deletes the selected letters. @returns their positions */
export async function deleteLetters(
  client: ClientBase,
  selection: LetterSelection,
): Promise<readonly (LogPosition & { readonly version: number })[]> {
  const { rows } = await client.query<Pick<Row, 'version' | 'topic' | 'partition' | 'offset'>>(
    `delete from reprise.dead_letters where ${SELECTED}
     returning version, topic, partition, "offset"`,
    [...selectedBy(selection)],
  );
  return rows.map((row) => ({ ...row, offset: BigInt(row.offset) }));
}

const HOLDS_KEY =
  'exists (select 1 from unnest($1::bytea[]) as prefix where position(prefix in value) > 0)';

/** Replaces the messages of letters whose value holds one of these prefixes. */
export async function replaceMessages(
  client: ClientBase,
  prefixes: readonly Buffer[],
  message: string,
): Promise<void> {
  await client.query(
    `update reprise.dead_letters set message = $2 where ${HOLDS_KEY} and message <> $2`,
    [prefixes, message],
  );
}

/** A dead letter that holds values of a subject. */
export interface AffectedLetter extends LogPosition {
  readonly projection: string;
  readonly version: number;
  /** Error code. */
  readonly reason: string;
  /** True: its value was never encrypted, so destroying the key does not affect it. */
  readonly isPlain: boolean;
}

/**
 * Reads the letters of a subject: those with values that its keys encrypted, and those of these
 * topics that name the subject and hold nothing encrypted.
 */
export async function readLettersOf(
  client: ClientBase,
  by: {
    readonly subject: string;
    readonly prefixes: readonly Buffer[];
    readonly topics: readonly string[];
  },
): Promise<readonly AffectedLetter[]> {
  const { rows } = await client.query<Omit<AffectedLetter, 'offset'> & { offset: string }>(
    `select * from (
       select projection, version, topic, partition, "offset", reason, not ${HOLDS_KEY} as "isPlain" from reprise.dead_letters
       where ${HOLDS_KEY}
         or (topic = any($2) and position($3::bytea in value) = 0 and (key = $4 or position($4 in value) > 0))
     ) found order by projection, version, topic, partition, "offset"`,
    [by.prefixes, by.topics, Buffer.from('pii:v1:'), Buffer.from(by.subject)],
  );
  return rows.map((row) => ({ ...row, offset: BigInt(row.offset) }));
}
