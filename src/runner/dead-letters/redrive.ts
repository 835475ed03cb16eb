import { randomUUID } from 'node:crypto';
import { createBackoff } from '../../concurrency/backoff.ts';
import { neverSignal } from '../../concurrency/never-signal.ts';
import { batchOfRecords } from '../../log/batch-of-records.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { upsertRows } from '../../readmodel/upsert-rows.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { withLease } from '../ownership/with-lease.ts';
import { isDefect } from '../recovery/is-defect.ts';
import { isUnreadable, positionText } from '../recovery/task-error-policy.ts';
import { describeError, openSession, recordOutcome } from '../session/open-session.ts';
import type { TaskSession } from '../session/task-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { assertDatabase } from '../store/assert-database.ts';
import {
  countLetters,
  type LetterSelection,
  recordFailure,
  type StoredLetter,
} from '../store/dead-letter-store.ts';
import { readVersion } from '../store/version-store.ts';
import type { DeadLetterMatch, RedriveReport } from './dead-letter-status.ts';
import { assertOfVersion, readSelected } from './read-dead-letters.ts';

type Failure = RedriveReport['failed'][number];

/**
 * Outcome of one letter. `waits`: an earlier letter of its key failed. `gone`: it was removed
 * before it was tried.
 */
type Outcome = 'folded' | 'waits' | 'gone' | Failure;

/**
 * Folds dead letters of the declared version again, with the current code, at the current position
 * of their tasks. Letters are folded one at a time, in the order in which their task met them. Each
 * is folded in a transaction of its task that also deletes the letter and writes it to the journal,
 * so that `verify` repeats it. Only the transaction that deletes a letter folds it: concurrent
 * redrives and discards never handle the same letter twice. When a letter of a key fails again, the
 * later letters of that key stay; other keys continue. Records quarantined behind a key in the
 * meantime are folded too. A live instance loses the task and takes it again once the letters of
 * its partition are folded: the redrive has its own lease. @throws UNKNOWN_DEAD_LETTER,
 * QUARANTINED, LEASED while a rebuild owns the version
 */
export async function redrive(
  settings: RunnerSettings,
  plan: Plan,
  match: DeadLetterMatch,
): Promise<RedriveReport> {
  await assertDatabase(settings.pool);
  await assertNotBuilding(settings, plan);
  await assertOfVersion(settings.pool, plan, match);
  const owner = `${settings.owner}/redrive-${randomUUID().slice(0, 8)}`;
  const redriving = { ...settings, owner };
  return withLease(redriving, () => redriveAll(redriving, plan, match));
}

async function redriveAll(
  settings: RunnerSettings,
  plan: Plan,
  match: DeadLetterMatch,
): Promise<RedriveReport> {
  const outcomes = new Map<string, Outcome>();
  const works = new Map<number, PartitionRedrive>();
  for (let found = await readSelected(settings.pool, plan, match); ; ) {
    const letters = found.filter((letter) => !outcomes.has(positionText(letter)));
    if (letters.length === 0) break;
    for (const partition of new Set(letters.map((letter) => letter.partition))) {
      const work =
        works.get(partition) ?? new PartitionRedrive(settings, plan, { partition, outcomes });
      works.set(partition, work);
      await work.fold(letters.filter((each) => each.partition === partition));
    }
    if (match.position !== undefined) break;
    // Until the last letter of a key is folded, instances set records aside behind it. Records that
    // newly fail by themselves are not included: there might be no end of them.
    const now = await readSelected(settings.pool, plan, match);
    found = now.filter(({ quarantine }) => quarantine !== null);
  }
  return reportOf([...outcomes.values()]);
}

/**
 * Refuses a version that is being built: the rebuild owns its tasks, and its tables lack the keys
 * that a single letter needs.
 * @throws LEASED
 */
async function assertNotBuilding({ pool }: RunnerSettings, { name, version }: Plan): Promise<void> {
  const stored = await inTransaction(pool, (client) => readVersion(client, name, version));
  if (stored?.state !== 'building') return;
  throw new RepriseError(
    'LEASED',
    `${name} v${version} is being built; its dead letters can be folded again once it is: wait for reprise rebuild ${name}, or finish it.`,
    { facts: { projection: name, version } },
  );
}

function reportOf(outcomes: readonly Outcome[]): RedriveReport {
  const count = (wanted: Outcome) => outcomes.filter((each) => each === wanted).length;
  return {
    redriven: count('folded'),
    failed: outcomes.filter((each) => typeof each !== 'string'),
    waiting: count('waits'),
    ...(count('gone') > 0 && { gone: count('gone') }),
  };
}

class PartitionRedrive {
  readonly #settings: RunnerSettings;
  readonly #plan: Plan;
  readonly #partition: number;
  /** By record position. */
  readonly #outcomes: Map<string, Outcome>;
  /** Keys with a letter that failed again, as latin1 text. */
  readonly #stuck = new Set<string>();
  readonly #backoff = createBackoff({ signal: neverSignal() });
  #session: TaskSession | null = null;

  constructor(
    settings: RunnerSettings,
    plan: Plan,
    of: { readonly partition: number; readonly outcomes: Map<string, Outcome> },
  ) {
    this.#settings = settings;
    this.#plan = plan;
    this.#partition = of.partition;
    this.#outcomes = of.outcomes;
  }

  /** Folds letters of the partition in order, then hands the task back. */
  async fold(letters: readonly StoredLetter[]): Promise<void> {
    try {
      for (const letter of letters) {
        this.#outcomes.set(positionText(letter), await this.#foldOne(letter));
      }
    } finally {
      if (this.#session !== null) {
        await recordOutcome(this.#settings, this.#session.task, 'idle', null);
      }
      this.#session = null;
    }
  }

  async #foldOne(letter: StoredLetter): Promise<Outcome> {
    const key = letter.key?.toString('latin1');
    if (key !== undefined && this.#stuck.has(key)) return 'waits';
    const outcome = await this.#try(letter);
    if (typeof outcome === 'string') return outcome;
    const isThere = await inTransaction(this.#settings.pool, (client) =>
      recordFailure(client, selectionOf(letter), outcome),
    );
    if (!isThere) return 'gone';
    if (key !== undefined) this.#stuck.add(key);
    return outcome;
  }

  /**
   * Tries until the letter is folded, removed, or fails by itself. An instance or another redrive
   * may take the task in between; it is then taken back.
   */
  async #try(letter: StoredLetter): Promise<'folded' | 'gone' | Failure> {
    const { topic, partition, offset } = letter;
    const failed = (reason: string, message: string): Failure => {
      return { topic, partition, offset, reason, message };
    };
    // Only its position is known: folded like this, it would count as a tombstone.
    if (isUnreadable(letter)) return failed(letter.reason, letter.message);
    for (let attempt = 0; ; attempt += 1) {
      try {
        if ((await countLetters(this.#settings.pool, selectionOf(letter))).length === 0)
          return 'gone';
        this.#session ??= await this.#open();
        const again = (await this.#session.redrive(batchOfRecords([letter]))).failed;
        return again === null ? 'folded' : failed(again.reason, again.message);
      } catch (error) {
        this.#session = null;
        if (isRepriseError(error, 'UNKNOWN_DEAD_LETTER')) return 'gone';
        if (isRepriseError(error, 'FENCED') || isRepriseError(error, 'FORGOTTEN')) {
          await this.#backoff.wait(attempt);
          continue;
        }
        if (isRepriseError(error, 'HANDLER_FAILED') || isRepriseError(error, 'ENCODE_FAILED')) {
          return failed(error.code, error.message);
        }
        if (!isDefect(error)) throw error;
        return failed('DATABASE_FAILED', describeError(error));
      }
    }
  }

  async #open(): Promise<TaskSession> {
    const { name: projection, version } = this.#plan;
    const key = { projection, version, partition: this.#partition };
    const session = await openSession(this.#settings, key, {
      plan: this.#plan,
      mode: 'live',
      // Processing time is the time of folding, not the time when the letter was written.
      ...(this.#plan.replayable ? {} : { nowMs: Date.now }),
      write: upsertRows,
      backoff: createBackoff({ signal: neverSignal() }),
      onPause: () => undefined,
    });
    await session.foldBatches([]);
    await session.flush();
    return session;
  }
}

/** Selects the letter itself. */
function selectionOf(letter: StoredLetter): LetterSelection {
  return { projection: letter.projection, version: letter.version, position: letter };
}
