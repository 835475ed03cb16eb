import { batchOfRecords } from '../../log/batch-of-records.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import { FoldAgain, isRepriseError, RepriseError } from '../../reprise-error.ts';
import { isDefect } from '../recovery/is-defect.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { Retry } from '../recovery/retry-schedule.ts';
import { isFinal, positionText } from '../recovery/task-error-policy.ts';
import { describeError } from '../session/open-session.ts';
import type { TaskSession } from '../session/task-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { factsOf, lockTask } from '../store/checkpoint-store.ts';
import {
  readQuarantinedKey,
  recordAttempt,
  type StoredLetter,
} from '../store/dead-letter-store.ts';
import { taskLabel } from '../store/task-key.ts';

/** Letters of a key that are folded in one transaction, at most. */
const TOGETHER_MAX = 50;

/** Why a letter could not be folded. */
interface Failure {
  /** An error code. */
  readonly reason: string;
  readonly message: string;
  /** The error that spoiled the session. Absent: the session can still be used. */
  readonly cause?: unknown;
}

/**
 * Folds the quarantined letters of a session again, under a policy with retries. Each is folded at
 * the current position of the task and journaled, as a redrive does, so that a replay of the
 * version repeats it. The letters behind it follow in order; then the key is released. Other keys
 * are folded and committed in the meantime.
 */
export class Retrier {
  readonly #settings: Pick<RunnerSettings, 'pool' | 'logger'>;
  readonly #session: TaskSession;
  readonly #recovery: Recovery;

  constructor(
    settings: Pick<RunnerSettings, 'pool' | 'logger'>,
    session: TaskSession,
    recovery: Recovery,
  ) {
    this.#settings = settings;
    this.#session = session;
    this.#recovery = recovery;
  }

  /** Returns the time until a letter is due, in milliseconds. Null: no letter is quarantined. */
  untilDueMs(): number | null {
    return this.#recovery.retries.untilDueMs();
  }

  /**
   * Folds the letter that is due, if there is one. Everything folded before must be flushed.
   * @returns whether a letter was due @throws as `redrive` of the session; the letter's reason when
   * its attempts are used up and the policy halts the task
   */
  async step(): Promise<boolean> {
    const { retries } = this.#recovery;
    const retry = retries.due();
    if (retry === null || !this.#session.isDrained) return false;
    // A letter that has failed is tried alone. Letters that only waited behind one are folded
    // together.
    const limit = retry.attempts > 0 || retry.isAlone ? 1 : TOGETHER_MAX;
    const letters = await this.#lettersOf(retry, limit);
    const [letter] = letters;
    if (letter === undefined) await this.#pass(retry);
    else if (isFinal(letter) || retries.isSpent(retry)) await this.#giveUp(retry, letter, letter);
    else await this.#try(retry, letters);
    return true;
  }

  async #try(retry: Retry, letters: readonly StoredLetter[]): Promise<void> {
    const { folded, failure } = await this.#fold(letters);
    const letter = letters[folded];
    if (failure === null || letter === undefined) return this.#pass(retry);
    const { policy, retries } = this.#recovery;
    policy.settled(letter);
    if (failure.cause !== undefined && letters.length > 1) {
      retry.isAlone = true;
      throw this.#error(letter, failure, 'again');
    }
    // The letters before it are folded. Its own attempts are counted from here.
    const own = folded === 0 ? retry : retries.passed(retry, letter);
    const tried = { ...letter, attempts: letter.attempts + 1 };
    if (!retries.failed(own) || policy.isAlwaysAside(failure.reason)) {
      await this.#giveUp(own, tried, failure);
    } else {
      await this.#record(tried, failure, { quarantine: 'failed', isRetried: true });
    }
    if (failure.cause !== undefined) throw this.#error(letter, failure, 'again');
  }

  /**
   * @returns how many are folded and committed, and why the next one failed; null: all are folded
   */
  async #fold(
    letters: readonly StoredLetter[],
  ): Promise<{ readonly folded: number; readonly failure: Failure | null }> {
    try {
      const { folded, failed } = await this.#session.redrive(
        ...letters.map((letter) => batchOfRecords([letter])),
      );
      return { folded, failure: failed };
    } catch (cause) {
      const isOurs =
        isRepriseError(cause, 'HANDLER_FAILED') || isRepriseError(cause, 'ENCODE_FAILED');
      if (!isOurs && !isDefect(cause)) throw cause;
      const failure = isOurs
        ? { reason: cause.code, message: cause.message, cause }
        : { reason: 'DATABASE_FAILED', message: describeError(cause), cause };
      return { folded: 0, failure };
    }
  }

  async #giveUp(retry: Retry, letter: StoredLetter, failure: Failure): Promise<void> {
    if (this.#recovery.policy.afterAttempts(failure) === 'stop') {
      await this.#record(letter, failure, { quarantine: 'failed', isRetried: false });
      throw this.#error(letter, failure, 'halts');
    }
    await this.#record(letter, failure, { quarantine: null, isRetried: false });
    await this.#pass(retry);
  }

  /** Continues with the next letter of the key, or releases the key. */
  async #pass(retry: Retry): Promise<void> {
    const { key } = retry.letter;
    const [next = null] = key === null ? [] : await this.#lettersOf(retry, 1);
    if (next !== null) this.#recovery.retries.passed(retry, next);
    else {
      this.#recovery.retries.drop(retry);
      if (key !== null) this.#session.release(key);
    }
  }

  #lettersOf({ letter }: Retry, limit: number): Promise<readonly StoredLetter[]> {
    return readQuarantinedKey(this.#settings.pool, this.#session.task, letter, limit);
  }

  #record(
    letter: StoredLetter,
    { reason, message }: Failure,
    mark: { readonly quarantine: 'failed' | null; readonly isRetried: boolean },
  ): Promise<void> {
    const { task } = this.#session;
    const { attempts } = letter;
    return inTransaction(this.#settings.pool, async (client) => {
      await lockTask(client, task);
      await recordAttempt(
        client,
        { ...task, position: letter },
        { attempts, reason, message, ...mark },
      );
    });
  }

  #error(letter: StoredLetter, failure: Failure, then: 'halts' | 'again'): RepriseError {
    const { task } = this.#session;
    const { topic, partition, offset, attempts } = letter;
    const position = positionText(letter);
    const what =
      then === 'again'
        ? 'resumes from its committed rows and tries the record again.'
        : `halts after ${attempts} attempts at ${position}. Later records of its key wait as dead letters; other keys are folded up to here. Fix the cause, then run reprise resume to try it again; or give it up with reprise dlq discard ${task.projection} '${position}'.`;
    const Failure = then === 'again' ? FoldAgain : RepriseError;
    return new Failure(
      failure.reason as ErrorCode,
      `${failure.message} The task ${taskLabel(task)} ${what}`,
      {
        cause: failure.cause,
        facts: { ...factsOf(task), topic, partition, offset },
      },
    );
  }
}
