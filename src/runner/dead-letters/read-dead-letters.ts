import type { ClientBase, Pool } from 'pg';
import type { LogPosition } from '../../log/log-position.ts';
import type { LogRecord, RecordHeader } from '../../log/record-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { RepriseError } from '../../reprise-error.ts';
import { assertDatabase } from '../store/assert-database.ts';
import type { TriedLetter } from '../store/dead-letter-store.ts';
import { inTransaction } from '../store/in-transaction.ts';
import { writeJournal } from '../store/journal-store.ts';
import type { HeldLetter, TaskKey } from '../store/task-key.ts';
import type { DeadLetterMatch, DeadLetterStatus } from './dead-letter-status.ts';

const COLUMNS = `projection, version, topic, partition, "offset", reason, message, attempts, quarantine, record_timestamp as "recordTimestamp",
  set_aside_at as "setAsideAt", key, value, headers`;

type Row = Omit<DeadLetterStatus, 'offset' | 'headers'> & {
  offset: string;
  headers: readonly { readonly key: string; readonly value: string | null }[] | null;
};

/** A dead letter as a record that can be folded again. */
export interface StoredLetter
  extends LogRecord,
    Pick<DeadLetterStatus, 'reason' | 'message' | 'attempts'> {
  readonly quarantine: 'failed' | 'waiting' | null;
}

/**
 * The matching dead letters of a projection, or of all (null), in log order. @throws
 * UNKNOWN_DEAD_LETTER when the position has none
 */
export async function readDeadLetters(
  pool: Pool,
  projection: string | null,
  match: DeadLetterMatch,
): Promise<readonly DeadLetterStatus[]> {
  await assertDatabase(pool);
  const { position } = match;
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from reprise.dead_letters
     where ($1::text is null or projection = $1) and ${IS_SELECTED}
     order by projection, version, topic, partition, "offset"`,
    [projection, ...selectionParameters(match)],
  );
  if (position !== undefined && rows.length === 0) throw unknownDeadLetter(projection, position);
  return rows.map((row) => ({
    ...row,
    offset: BigInt(row.offset),
    headers: headersOf(row),
  }));
}

/**
 * The letters of a version that are to be folded again, in the order in which their tasks met them.
 * A letter behind another one of its key comes only with that one.
 * @throws UNKNOWN_DEAD_LETTER where the selection names a position that has none; QUARANTINED where
 * the letter there waits behind another
 */
export async function readLetters(
  pool: Pool,
  { name, version }: Pick<Plan, 'name' | 'version'>,
  match: DeadLetterMatch,
): Promise<readonly StoredLetter[]> {
  const { position } = match;
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from reprise.dead_letters
     where projection = $1 and version = $6 and ${IS_SELECTED}
     order by partition, seq`,
    [name, ...selectionParameters(match), version],
  );
  if (position !== undefined && rows.length === 0) throw unknownDeadLetter(name, position);
  const [only] = rows;
  if (position !== undefined && only !== undefined && (await waitsBehindAnother(pool, only))) {
    const waits = only;
    throw new RepriseError(
      'QUARANTINED',
      `${waits.topic}[${waits.partition}]@${waits.offset} waits behind an earlier record of its key; fold them in order: reprise dlq redrive ${name} --all, or --key.`,
      { facts: { projection: name } },
    );
  }
  return rows.map(storedLetter);
}

/**
 * The first letters of a held key, in their order, or the letter without a key at a place. Empty:
 * nothing of it is held any more.
 */
export async function readHeld(
  pool: Pool,
  { projection, version, partition }: TaskKey,
  { key, topic, offset }: HeldLetter,
  limit: number,
): Promise<readonly StoredLetter[]> {
  const { rows } = await pool.query<Row>(
    `select ${COLUMNS} from reprise.dead_letters
     where projection = $1 and version = $2 and partition = $3 and quarantine is not null
       and case when $4::bytea is null then topic = $5 and "offset" = $6 else key = $4 end
     order by seq limit $7`,
    [projection, version, partition, key, topic, offset.toString(), limit],
  );
  return rows.map(storedLetter);
}

function storedLetter(row: Row): StoredLetter {
  return {
    topic: row.topic,
    partition: row.partition,
    offset: BigInt(row.offset),
    timestampMs: row.recordTimestamp?.getTime() ?? 0,
    key: row.key,
    value: row.value,
    headers: headersOf(row),
    reason: row.reason,
    message: row.message,
    quarantine: row.quarantine,
    attempts: row.attempts,
  };
}

/**
 * What is selected may be letters of another version alone, which the code at hand cannot fold.
 * @throws UNKNOWN_DEAD_LETTER naming that version
 */
export async function assertOfVersion(
  pool: Pool,
  { name, version }: Pick<Plan, 'name' | 'version'>,
  match: DeadLetterMatch,
): Promise<void> {
  const { rows } = await pool.query<{ version: number; letters: number }>(
    `select version, count(*)::int as letters from reprise.dead_letters
     where projection = $1 and ${IS_SELECTED}
     group by version order by version`,
    [name, ...selectionParameters(match)],
  );
  if (rows.length === 0 || rows.some((row) => row.version === version)) return;
  const which = rows.map((row) => `version ${row.version} has ${row.letters}`).join(', ');
  throw new RepriseError(
    'UNKNOWN_DEAD_LETTER',
    `${name} v${version}, the declared version, has none of these dead letters; ${which}. Run the command with the code of that version; or, where it is no longer wanted, retire the version or discard its letters: reprise dlq discard.`,
    { facts: { projection: name, version } },
  );
}

/** Whether an earlier letter of its key is still there. */
async function waitsBehindAnother(pool: Pool, letter: Row): Promise<boolean> {
  if (letter.quarantine !== 'waiting') return false;
  const { projection, version, topic, partition, offset, key } = letter;
  const { rows } = await pool.query<{ waits: boolean }>(
    `select exists (select from reprise.dead_letters earlier, reprise.dead_letters this
       where (this.projection, this.version, this.topic, this.partition, this."offset") = ($1, $2, $3, $4, $5)
         and (earlier.projection, earlier.version, earlier.partition) = ($1, $2, $4)
         and earlier.quarantine is not null and earlier.key = $6 and earlier.seq < this.seq) as waits`,
    [projection, version, topic, partition, offset, key],
  );
  return rows[0]?.waits ?? false;
}

/**
 * Whether a letter is still there: another redrive may have folded it, or somebody discarded it.
 */
export async function isStillThere(
  pool: Pool,
  { name, version }: Pick<Plan, 'name' | 'version'>,
  letter: LogPosition,
): Promise<boolean> {
  const { rows } = await pool.query(
    `select from reprise.dead_letters where projection = $1 and ${AT_POSITION} and version = $5`,
    [name, ...positionParameters(letter), version],
  );
  return rows.length > 0;
}

/**
 * A letter failed again: counts the attempt, and holds its key at it where it waited. @returns
 * whether it was still there
 */
export async function recordFailure(
  client: ClientBase,
  { name, version }: Pick<Plan, 'name' | 'version'>,
  letter: LogPosition,
  failure: { readonly reason: string; readonly message: string },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update reprise.dead_letters set attempts = attempts + 1, reason = $6, message = $7,
       quarantine = case when quarantine is null then null else 'failed' end
     where projection = $1 and ${AT_POSITION} and version = $5`,
    [name, ...positionParameters(letter), version, failure.reason, failure.message],
  );
  return rowCount === 1;
}

/**
 * What an attempt of the task itself made of a letter: it is held further, or stays aside alone
 * (`quarantine` null). Must run under `lockTask`.
 */
export async function recordAttempt(
  client: ClientBase,
  { projection, version }: TaskKey,
  letter: StoredLetter,
  outcome: Pick<TriedLetter, 'attempts' | 'quarantine' | 'isRetried'> & {
    readonly reason: string;
    readonly message: string;
  },
): Promise<void> {
  const { attempts, reason, message, quarantine, isRetried } = outcome;
  await client.query(
    `update reprise.dead_letters
     set attempts = $6, reason = $7, message = $8, quarantine = $9, is_retried = $10
     where projection = $1 and ${AT_POSITION} and version = $5`,
    [
      ...[projection, ...positionParameters(letter), version],
      ...[attempts, reason, message, quarantine, isRetried],
    ],
  );
}

/** How many records of a version wait in quarantine. */
export async function readQuarantine(
  client: ClientBase,
  { name, version }: Pick<Plan, 'name' | 'version'>,
): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from reprise.dead_letters
     where projection = $1 and version = $2 and quarantine is not null`,
    [name, version],
  );
  return rows[0]?.n ?? 0;
}

/**
 * Deletes the matching dead letters of a projection, of every version. The records stay in the log,
 * and a rebuild of another version folds them again; the journal records that this version passed
 * them over. Tasks with quarantined keys are released, so that their next
 * owner reads the change. @returns how many. @throws UNKNOWN_DEAD_LETTER
 */
export async function discardDeadLetters(
  pool: Pool,
  projection: string,
  match: DeadLetterMatch,
): Promise<number> {
  const { position } = match;
  await assertDatabase(pool);
  const discarded = await inTransaction(pool, async (client) => {
    // Tasks before letters, as a flush that folds one again: neither waits for the other in a
    // circle.
    await client.query(
      `select from reprise.tasks where projection = $1 and ($2::int is null or partition = $2)
       order by version, partition for update`,
      [projection, position?.partition ?? null],
    );
    const { rows } = await client.query<Pick<Row, 'version' | 'topic' | 'partition' | 'offset'>>(
      `delete from reprise.dead_letters where projection = $1 and ${IS_SELECTED}
       returning version, topic, partition, "offset"`,
      [projection, ...selectionParameters(match)],
    );
    for (const { version, topic, partition, offset } of rows) {
      const record = { topic, offset: BigInt(offset) };
      const entry = { kind: 'discard', nextOffsets: new Map(), quietMs: null, record } as const;
      await writeJournal(client, { projection, version, partition }, [entry]);
      await client.query(
        `update reprise.tasks set epoch = epoch + 1, owner = null, state = 'idle', lease_until = clock_timestamp()
         where projection = $1 and version = $2 and partition = $3 and state <> 'idle'`,
        [projection, version, partition],
      );
    }
    return rows.length;
  });
  if (position !== undefined && discarded === 0) throw unknownDeadLetter(projection, position);
  return discarded;
}

const AT_POSITION = '(topic = $2 and partition = $3 and "offset" = $4)';
const IS_SELECTED = `($2::text is null or ${AT_POSITION}) and ($5::bytea is null or key = $5)`;

/** $2 to $4 of `AT_POSITION`. */
function positionParameters({ topic, partition, offset }: LogPosition) {
  return [topic, partition, offset.toString()] as const;
}

/** $2 to $5 of `IS_SELECTED`; null selects all. */
function selectionParameters({ position, key }: DeadLetterMatch) {
  const at = position === undefined ? [null, null, null] : positionParameters(position);
  return [...at, key ?? null];
}

function headersOf({ headers }: Pick<Row, 'headers'>): readonly RecordHeader[] {
  return (headers ?? []).map(({ key, value }) => ({
    key,
    value: value === null ? null : Buffer.from(value, 'base64'),
  }));
}

function unknownDeadLetter(projection: string | null, at: LogPosition): RepriseError {
  const { topic, partition, offset } = at;
  return new RepriseError(
    'UNKNOWN_DEAD_LETTER',
    `${projection ?? 'No projection'} has ${projection === null ? 'a' : 'no'} dead letter at ${topic}[${partition}]@${offset}; see those there are with: reprise dlq list${projection === null ? '' : ` ${projection}`}`,
    { facts: { projection, topic, partition, offset } },
  );
}
