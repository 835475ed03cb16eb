import type { Pool } from 'pg';
import type { LogPosition } from '../../log/log-position.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { RepriseError } from '../../reprise-error.ts';
import { assertDatabase } from '../store/assert-database.ts';
import {
  countLetters,
  deleteLetters,
  readLetters,
  type StoredLetter,
  waitsBehindAnother,
} from '../store/dead-letter-store.ts';
import { writeJournal } from '../store/journal-store.ts';
import { fenceTasks, lockTasks } from '../store/task-store.ts';
import type { DeadLetterMatch, DeadLetterStatus } from './dead-letter-status.ts';

/**
 * Reads the matching dead letters of a projection, or of all projections (null), in log order.
 * @throws UNKNOWN_DEAD_LETTER when the position has none
 */
export async function readDeadLetters(
  pool: Pool,
  projection: string | null,
  match: DeadLetterMatch,
): Promise<readonly DeadLetterStatus[]> {
  await assertDatabase(pool);
  const { position } = match;
  const letters = await readLetters(pool, { projection, ...match });
  if (position !== undefined && letters.length === 0) throw unknownDeadLetter(projection, position);
  return letters.map(({ timestampMs: _timestampMs, ...letter }) => letter);
}

/**
 * Reads the dead letters of a version to fold again, in the order in which their tasks met them. A
 * letter that waits behind another one of its key is read only together with that one.
 * @throws UNKNOWN_DEAD_LETTER when the position has none; QUARANTINED when the letter at the
 * position waits behind another
 */
export async function readSelected(
  pool: Pool,
  { name, version }: Pick<Plan, 'name' | 'version'>,
  match: DeadLetterMatch,
): Promise<readonly StoredLetter[]> {
  const { position } = match;
  const letters = await readLetters(pool, { projection: name, version, ...match }, 'met');
  if (position === undefined) return letters;
  const [only] = letters;
  if (only === undefined) throw unknownDeadLetter(name, position);
  if (await waitsBehindAnother(pool, only)) {
    throw new RepriseError(
      'QUARANTINED',
      `${only.topic}[${only.partition}]@${only.offset} waits behind an earlier record of its key; fold them in order: reprise dlq redrive ${name} --all, or --key.`,
      { facts: { projection: name } },
    );
  }
  return letters;
}

/**
 * Refuses a selection whose letters all belong to other versions: the current code cannot fold
 * them.
 * @throws UNKNOWN_DEAD_LETTER naming such a version
 */
export async function assertOfVersion(
  pool: Pool,
  { name, version }: Pick<Plan, 'name' | 'version'>,
  match: DeadLetterMatch,
): Promise<void> {
  const counts = await countLetters(pool, { projection: name, ...match });
  if (counts.length === 0 || counts.some((count) => count.version === version)) return;
  const which = counts.map((count) => `version ${count.version} has ${count.letters}`).join(', ');
  throw new RepriseError(
    'UNKNOWN_DEAD_LETTER',
    `${name} v${version}, the declared version, has none of these dead letters; ${which}. Run the command with the code of that version; or, where it is no longer wanted, retire the version or discard its letters: reprise dlq discard.`,
    { facts: { projection: name, version } },
  );
}

/**
 * Deletes the matching dead letters of a projection, of every version. The records stay in the log,
 * and a rebuild of another version folds them again. The journal records that this version
 * discarded them. Tasks with quarantined keys are taken from their owners, so that the next owner
 * reads the change. @returns how many were deleted. @throws UNKNOWN_DEAD_LETTER
 */
export async function discardDeadLetters(
  pool: Pool,
  projection: string,
  match: DeadLetterMatch,
): Promise<number> {
  const { position } = match;
  await assertDatabase(pool);
  const discarded = await inTransaction(pool, async (client) => {
    // Locks tasks before letters, as a flush that folds a letter does: this prevents deadlocks.
    await lockTasks(client, { projection, partition: position?.partition ?? null });
    const letters = await deleteLetters(client, { projection, ...match });
    for (const { version, topic, partition, offset } of letters) {
      const record = { topic, offset };
      const entry = { kind: 'discard', nextOffsets: new Map(), quietMs: null, record } as const;
      const task = { projection, version, partition };
      await writeJournal(client, task, [entry]);
      await fenceTasks(client, task, ['running', 'paused', 'halted']);
    }
    return letters.length;
  });
  if (position !== undefined && discarded === 0) throw unknownDeadLetter(projection, position);
  return discarded;
}

function unknownDeadLetter(projection: string | null, at: LogPosition): RepriseError {
  const { topic, partition, offset } = at;
  return new RepriseError(
    'UNKNOWN_DEAD_LETTER',
    `${projection ?? 'No projection'} has ${projection === null ? 'a' : 'no'} dead letter at ${topic}[${partition}]@${offset}; list the existing ones with: reprise dlq list${projection === null ? '' : ` ${projection}`}`,
    { facts: { projection, topic, partition, offset } },
  );
}
