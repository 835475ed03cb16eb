import { batchOfRecord } from '../../log/batch-of-record.ts';
import type { Plan } from '../../projection/plan.ts';
import { upsertRows } from '../../readmodel/upsert-rows.ts';
import type { DeadLetterSelection, RedriveReport } from '../../reprise.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { assertDatabase } from '../assert-database.ts';
import { createBackoff } from '../backoff.ts';
import { describeError, openSession, recordOutcome } from '../open-session.ts';
import type { RunnerSettings } from '../settings.ts';
import type { TaskSession } from '../task-session.ts';
import { inTransaction } from '../transaction.ts';
import type { StoredLetter } from './dead-letters.ts';
import { readLetters, recordFailure } from './dead-letters.ts';
import { isDefect } from './is-defect.ts';

type Failure = RedriveReport['failed'][number];

/**
 * Folds dead letters of the declared version again, with the code as it is now, where their tasks stand now. One at a time, in the order of the log, each in a transaction of its
 * task that also takes it out of the dead letters and puts it into the journal, so that `verify` repeats it. The first of a key that fails again keeps the rest of that key
 * where they are; other keys go on. A live instance loses the task for the moment and takes it again. @throws UNKNOWN_DEAD_LETTER
 */
export async function redrive(
  settings: RunnerSettings,
  plan: Plan,
  selection: DeadLetterSelection,
): Promise<RedriveReport> {
  await assertDatabase(settings.pool);
  const letters = await readLetters(settings.pool, plan, selection);
  const failed: Failure[] = [];
  let redriven = 0;
  for (const partition of new Set(letters.map((letter) => letter.partition))) {
    const work = new PartitionRedrive(settings, plan, partition);
    try {
      for (const letter of letters.filter((each) => each.partition === partition)) {
        const failure = await work.fold(letter);
        if (failure === null) redriven += 1;
        else if (failure !== 'waits') failed.push(failure);
      }
    } finally {
      await work.end();
    }
  }
  return { redriven, failed, waiting: letters.length - redriven - failed.length };
}

class PartitionRedrive {
  readonly #settings: RunnerSettings;
  readonly #plan: Plan;
  readonly #partition: number;
  /** Keys of which a record failed again, as latin1 text. */
  readonly #stuck = new Set<string>();
  #session: TaskSession | null = null;

  constructor(settings: RunnerSettings, plan: Plan, partition: number) {
    this.#settings = settings;
    this.#plan = plan;
    this.#partition = partition;
  }

  /** @returns null: folded; `waits`: an earlier one of its key failed; else why it failed */
  async fold(letter: StoredLetter): Promise<Failure | 'waits' | null> {
    const key = letter.key?.toString('latin1');
    if (key !== undefined && this.#stuck.has(key)) return 'waits';
    const failure = await this.#try(letter);
    if (failure === null) return null;
    if (key !== undefined) this.#stuck.add(key);
    await inTransaction(this.#settings.pool, (client) =>
      recordFailure(client, this.#plan, letter, failure),
    );
    const { topic, partition, offset } = letter;
    return { topic, partition, offset, ...failure };
  }

  async end(): Promise<void> {
    if (this.#session === null) return;
    await recordOutcome(this.#settings, this.#session.task, 'idle', null);
  }

  /** Tries until it is folded or fails by itself: an instance may take the task in between, and is taken it from again. */
  async #try(letter: StoredLetter): Promise<Pick<Failure, 'reason' | 'message'> | null> {
    // Only its place is kept: folded as it is, it would pass for a tombstone.
    if (isUnreadable(letter)) return { reason: letter.reason, message: letter.message };
    for (;;) {
      try {
        this.#session ??= await this.#open();
        return await this.#session.redrive(batchOfRecord(letter));
      } catch (error) {
        this.#session = null;
        if (isRepriseError(error, 'FENCED') || isRepriseError(error, 'FORGOTTEN')) continue;
        if (isRepriseError(error, 'HANDLER_FAILED') || isRepriseError(error, 'ENCODE_FAILED')) {
          return { reason: error.code, message: error.message };
        }
        if (!isDefect(error)) throw error;
        return { reason: 'DATABASE_FAILED', message: describeError(error) };
      }
    }
  }

  async #open(): Promise<TaskSession> {
    const { name: projection, version } = this.#plan;
    const key = { projection, version, partition: this.#partition };
    const session = await openSession(this.#settings, key, {
      plan: this.#plan,
      mode: 'live',
      write: upsertRows,
      backoff: createBackoff({ signal: new AbortController().signal }),
      onPause: () => undefined,
    });
    await session.foldBatches([]);
    await session.flush();
    return session;
  }
}

/** A record of a Kafka batch that was too large to unpack (`RecordBatch.unreadable`). */
function isUnreadable({ reason, value }: StoredLetter): boolean {
  return reason === 'BUDGET_EXCEEDED' && value === null;
}
