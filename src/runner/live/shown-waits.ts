import { describeError } from '../session/open-session.ts';

/**
 * What a running task may wait for: the log itself, or Postgres and the registry while it works.
 */
export type WaitedFor = 'log' | 'work';

/** Writes the state of a task; false: Postgres did not take it. */
export type RecordState = (state: 'running' | 'paused', reason: Error | null) => Promise<boolean>;

/**
 * Shows in Postgres that a task waits, and for what. One write is under way at a time, so that a
 * later state never loses to an earlier one; what Postgres did not take is written by the next
 * `set`. States: *shown* → `set` → *writing* → *shown*; `end` → *ended*.
 */
export class ShownWaits {
  readonly #record: RecordState;
  readonly #waits = new Map<WaitedFor, Error>();
  /** What Postgres holds; empty: the task runs. */
  #written = '';
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #hasEnded = false;

  constructor(record: RecordState) {
    this.#record = record;
  }

  /** The task waits for this, with why; null: not any more. May be repeated. */
  set(what: WaitedFor, reason: Error | null): void {
    if (reason === null) this.#waits.delete(what);
    else this.#waits.set(what, reason);
    if (!this.#isWriting) this.#writing = this.#write();
  }

  /** Nothing is written from now on. Resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    let isTaken = true;
    while (isTaken && !this.#hasEnded) {
      const [reason = null] = this.#waits.values();
      const text = reason === null ? '' : describeError(reason);
      if (text === this.#written) break;
      isTaken = await this.#record(reason === null ? 'running' : 'paused', reason);
      if (isTaken) this.#written = text;
    }
    this.#isWriting = false;
  }
}
