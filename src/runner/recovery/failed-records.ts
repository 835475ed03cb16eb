import { deadLetterAt } from '../../fold/batch/dead-letter-at.ts';
import type { DeadLetter } from '../../fold/task/task-fold.ts';
import { keyAt } from '../../log/record-at.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { FoldAgain, isRepriseError, RepriseError } from '../../reprise-error.ts';
import { factsOf } from '../store/checkpoint-store.ts';
import type { TriedLetter } from '../store/dead-letter-store.ts';
import type { JournalEntry } from '../store/journal-entry.ts';
import type { OwnedTask } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';
import { keyText, Quarantine } from './quarantine.ts';
import type { TaskErrorPolicy } from './task-error-policy.ts';
import { positionText } from './task-error-policy.ts';

/**
 * The records of one session that are not folded: records of quarantined keys, records that failed
 * and may be set aside, and records that an earlier session rejected. The next flush takes them.
 */
export class FailedRecords {
  readonly #task: OwnedTask;
  readonly #policy: TaskErrorPolicy;
  readonly #quarantine: Quarantine;
  #letters: TriedLetter[] = [];
  #refusals: JournalEntry[] = [];

  constructor(task: OwnedTask, policy: TaskErrorPolicy) {
    this.#task = task;
    this.#policy = policy;
    const keys = task.quarantinedLetters.flatMap(({ key }) => (key === null ? [] : [key]));
    this.#quarantine = new Quarantine(keys, policy);
  }

  /** Whether `sift` may set any record aside. */
  get isSifting(): boolean {
    return this.#quarantine.isActive;
  }

  /**
   * Sets records aside and returns those that may be folded. `isForeign`: record `i` is not an
   * event of the projection.
   */
  sift(batch: RecordBatch, isForeign: (i: number) => boolean): RecordBatch {
    const { rest, aside } = this.#quarantine.part(batch, isForeign);
    this.#letters.push(...aside);
    return rest;
  }

  /** Releases a key: none of its records waits any more, and new ones are folded. */
  release(key: Buffer): void {
    this.#quarantine.release(key);
  }

  /**
   * Decides about records that the fold could not fold: the session continues without them, or this
   * throws. If a key must be quarantined and the fold has already folded later records of it,
   * memory is wrong: then all these records are rejected together, and the next session leaves them
   * out. @throws the record's reason, to halt the task; FoldAgain, to fold again
   */
  decide(letters: readonly DeadLetter[], batch: RecordBatch | null = null): void {
    const firstByKey = new Map<string, DeadLetter>();
    for (const letter of letters) {
      const decision = this.#policy.decide(letter);
      if (decision === 'stop') throw this.#failure(letter, 'halts');
      if (decision === 'setAside') this.#setAside(letter);
      else if (letter.key === null) this.#setQuarantined(letter);
      else if (firstByKey.has(keyText(letter.key)))
        this.#letters.push(this.#quarantine.waiting(letter));
      else {
        firstByKey.set(keyText(letter.key), letter);
        this.#setQuarantined(letter);
      }
    }
    const spoiled =
      firstByKey.size === 0 || batch === null ? null : foldedBehind(firstByKey, letters, batch);
    if (spoiled === null) return;
    for (const letter of letters) {
      const isQuarantined = this.#policy.decide(letter) === 'quarantine';
      if (isQuarantined) this.#policy.reject({ letter, isQuarantined });
    }
    throw this.#failure(spoiled, 'again');
  }

  /**
   * Decides about a record that spoiled the state in memory: the task halts, or folds again from
   * committed rows and leaves the record out. @returns the error to throw
   */
  reject(letter: DeadLetter, cause: unknown): RepriseError {
    const decision = this.#policy.decide(letter);
    if (decision === 'stop') return this.#failure(letter, 'halts', cause);
    this.#policy.reject({ letter, isQuarantined: decision === 'quarantine' });
    return this.#failure(letter, 'again', cause);
  }

  /** Returns what was set aside since the last call, with the journal entries about it. */
  take(): { readonly letters: readonly TriedLetter[]; readonly refusals: readonly JournalEntry[] } {
    const taken = { letters: this.#letters, refusals: this.#refusals };
    this.#letters = [];
    this.#refusals = [];
    return taken;
  }

  #setAside(letter: DeadLetter): void {
    this.#letters.push({ ...letter, attempts: 1, ...this.#quarantine.mark(null) });
    if (!letter.byClock) return;
    const nextOffsets = new Map([[letter.topic, letter.offset]]);
    this.#refusals.push({ kind: 'refusal', nextOffsets, quietMs: null });
  }

  #setQuarantined(letter: DeadLetter): void {
    if (letter.key !== null) this.#quarantine.add(letter.key);
    this.#letters.push({ ...letter, attempts: 1, ...this.#quarantine.mark('failed') });
  }

  #failure(letter: DeadLetter, then: 'halts' | 'again', cause?: unknown): RepriseError {
    const { topic, partition, offset, reason, message } = letter;
    const next =
      then === 'halts'
        ? `halts before it: nothing is skipped silently. Fix the schema or the projection, or set such records aside (onError "skip" or "quarantineKey"). Start the new code and run: reprise resume ${this.#task.projection}`
        : 'resumes from its committed rows, without the record.';
    const Failure = then === 'again' ? FoldAgain : RepriseError;
    return new Failure(reason, `${message} The task ${taskLabel(this.#task)} ${next}`, {
      cause,
      facts: { ...factsOf(this.#task), topic, partition, offset },
    });
  }
}

/**
 * Returns the first letter whose key has a later record in the folded batch; null: there is none.
 */
function foldedBehind(
  firstByKey: ReadonlyMap<string, DeadLetter>,
  letters: readonly DeadLetter[],
  batch: RecordBatch,
): DeadLetter | null {
  const failed = new Set(letters.map(({ offset }) => Number(offset)));
  for (let i = 0; i < batch.count; i += 1) {
    const key = keyAt(batch, i);
    const letter = key === null ? undefined : firstByKey.get(keyText(key));
    const offset = batch.offsets[i] as number;
    if (letter !== undefined && offset > Number(letter.offset) && !failed.has(offset)) {
      return letter;
    }
  }
  return null;
}

/** Returns record `i` of a batch as a dead letter. */
export function letterOf(
  batch: RecordBatch,
  i: number,
  why: Pick<DeadLetter, 'reason' | 'message'>,
): DeadLetter {
  return deadLetterAt(batch, i, why.reason, why.message);
}

/**
 * Returns the record of a batch that a function of the projection failed on, if the error names it;
 * else null.
 */
export function failedIn(batch: RecordBatch, error: unknown): DeadLetter | null {
  if (!isRepriseError(error, 'HANDLER_FAILED') || error.facts['topic'] !== batch.topic) return null;
  const i = batch.offsets.subarray(0, batch.count).indexOf(Number(error.facts['offset'] ?? -1));
  return i < 0 ? null : letterOf(batch, i, { reason: error.code, message: error.message });
}

/** Returns the dead letter of a record that probably ended several processes. */
export function pillOf(batch: RecordBatch, times: number): DeadLetter {
  const position = positionText({ ...batch, offset: batch.offsets[0] as number });
  const message = `${times} processes in a row ended while they folded ${position}, without an error; it is not tried again.`;
  return letterOf(batch, 0, { reason: 'POISON_PILL', message });
}
