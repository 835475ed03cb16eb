import type { DeadLetter } from '../../fold/task-fold.ts';
import { deadLetterAt } from '../../fold/topic-batch.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import type { OwnedTask } from '../checkpoint.ts';
import { taskLabel } from '../checkpoint.ts';
import { factsOf } from '../checkpoint-store.ts';
import type { TriedLetter } from '../dead-letter-store.ts';
import type { JournalEntry } from '../journal.ts';
import type { Judge } from './judge.ts';
import { placeOf } from './judge.ts';
import { KeyHold } from './key-hold.ts';

/**
 * The records of one session that are not folded: those of keys that are held, those that could not be folded and may be passed over, those that an earlier session was ended
 * by. What it gathers leaves with the next flush.
 */
export class FailedRecords {
  readonly #task: OwnedTask;
  readonly #judge: Judge;
  readonly #hold: KeyHold;
  #letters: TriedLetter[] = [];
  #refusals: JournalEntry[] = [];

  constructor(task: OwnedTask, judge: Judge) {
    this.#task = task;
    this.#judge = judge;
    this.#hold = new KeyHold(task.heldKeys, judge);
  }

  /** Whether `sift` has anything to look for. */
  get isSifting(): boolean {
    return this.#hold.isActive;
  }

  /** The records of a batch that may be folded; the others are set aside. `isForeign`: record `i` is no event of the projection. */
  sift(batch: RecordBatch, isForeign: (i: number) => boolean): RecordBatch {
    const { rest, aside } = this.#hold.part(batch, isForeign);
    this.#letters.push(...aside);
    return rest;
  }

  /** Decides on records that the fold passed over: it goes on without them, or throws. @throws the record's reason, to stop or to fold again */
  decide(letters: readonly DeadLetter[]): void {
    for (const letter of letters) {
      const { verdict, attempts } = this.#judge.verdict(letter);
      if (verdict !== 'setAside') throw this.#failure(letter, attempts, verdict === 'stop');
      this.#letters.push({ ...letter, attempts, quarantine: null });
      if (letter.byClock) {
        const nextOffsets = new Map([[letter.topic, letter.offset]]);
        this.#refusals.push({ kind: 'refusal', nextOffsets, quietMs: null });
      }
    }
  }

  /** Decides on a record that spoiled what is in memory: the task stops, or begins again from committed rows and leaves the record out. */
  condemn(letter: DeadLetter, cause: unknown): RepriseError {
    const { verdict, attempts } = this.#judge.verdict(letter);
    if (verdict === 'setAside') this.#judge.condemn({ letter, attempts, holdsKey: false });
    return this.#failure(letter, attempts, verdict === 'stop', cause);
  }

  /** What was gathered since the last call, with what the journal has to say of it. */
  take(): { readonly letters: readonly TriedLetter[]; readonly refusals: readonly JournalEntry[] } {
    const taken = { letters: this.#letters, refusals: this.#refusals };
    this.#letters = [];
    this.#refusals = [];
    return taken;
  }

  #failure(letter: DeadLetter, attempts: number, isFinal: boolean, cause?: unknown): RepriseError {
    const { topic, partition, offset, reason, message } = letter;
    const next = isFinal
      ? `halts before it: nothing is skipped silently. Mend the schema or the projection, or let such records be set aside (onError "skip" or "quarantineKey"); start that code, and run: reprise resume ${this.#task.projection}`
      : `goes on from its committed rows (attempt ${attempts}).`;
    return new RepriseError(reason, `${message} The task ${taskLabel(this.#task)} ${next}`, {
      cause,
      retriable: !isFinal,
      facts: {
        ...factsOf(this.#task),
        topic,
        partition,
        offset,
        ...(isFinal ? {} : { attempt: attempts }),
      },
    });
  }
}

/** Record `i` of a batch as a dead letter. */
export function letterOf(
  batch: RecordBatch,
  i: number,
  why: Pick<DeadLetter, 'reason' | 'message'>,
): DeadLetter {
  return deadLetterAt(batch, i, why.reason, why.message);
}

/** The record of a batch that a function of the projection failed on, where an error says which; null: none of it. */
export function failedIn(batch: RecordBatch, error: unknown): DeadLetter | null {
  if (!isRepriseError(error, 'HANDLER_FAILED') || error.facts['topic'] !== batch.topic) return null;
  const i = batch.offsets.subarray(0, batch.count).indexOf(Number(error.facts['offset'] ?? -1));
  return i < 0 ? null : letterOf(batch, i, { reason: error.code, message: error.message });
}

/** The record that ended the processes before this one, as far as anybody can tell. */
export function pillOf(batch: RecordBatch, times: number): DeadLetter {
  const place = placeOf({ ...batch, offset: batch.offsets[0] as number });
  const message = `${times} processes in a row ended while they folded ${place}, before anything could be said of it; it is not tried again.`;
  return letterOf(batch, 0, { reason: 'POISON_PILL', message });
}
