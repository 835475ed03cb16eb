import { describeError } from '../session/open-session.ts';

/**
 * What a running task may wait for: the log itself, or Postgres and the registry while it works.
 */
export type WaitedFor = 'log' | 'work';

/** Writes the state of a task. False: Postgres did not accept it. */
export type RecordState = (state: 'running' | 'paused', reason: Error | null) => Promise<boolean>;

/**
 * Records in Postgres that a task waits, and for what. One write at a time, so that an earlier
 * state never overwrites a later one. A state that Postgres did not accept is written by the next
 * `set`. States: *shown* → `set` → *writing* → *shown*; `end` → *ended*.
 */
export class ShownWaits {
  readonly #record: RecordState;
  readonly #waits = new Map<WaitedFor, Error>();
  /** The reason stored in Postgres. Empty: the task runs. */
  #written = '';
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #hasEnded = false;

  constructor(record: RecordState) {
    this.#record = record;
  }

  /** Sets why the task waits for `what`; null: it no longer waits. May be called repeatedly. */
  set(what: WaitedFor, reason: Error | null): void {
    if (reason === null) this.#waits.delete(what);
    else this.#waits.set(what, reason);
    if (!this.#isWriting) this.#writing = this.#write();
  }

  /** Ends all writes. Resolves once the current write is done. */
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
