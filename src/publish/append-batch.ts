import { AppendError } from '../log/append-error.ts';
import type { AppendRecord, Position } from '../log/event-log.ts';

/** Returns the position of the record at an index, or throws the error of that record. */
type OutcomeAt = (index: number) => Position;

/**
 * Sends that share one append: open → in flight → settled, once. A waiting send costs only its
 * record and one promise: with thousands of waiting sends, garbage collection takes longer than
 * encoding.
 */
export class AppendBatch {
  readonly records: AppendRecord[] = [];
  /** Bytes of keys and values. */
  bytes = 0;
  readonly #settled: Promise<OutcomeAt>;
  #settle!: (outcomeAt: OutcomeAt) => void;

  constructor() {
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get count(): number {
    return this.records.length;
  }

  /** Adds a record. Resolves with its position; rejects if this record failed. */
  add(record: AppendRecord, bytes: number): Promise<Position> {
    const index = this.records.push(record) - 1;
    this.bytes += bytes;
    return this.#settled.then((outcomeAt) => outcomeAt(index));
  }

  /** Settles all sends: their records are in the log. */
  succeed(positions: readonly Position[]): void {
    this.#settle((index) => positions[index] as Position);
  }

  /**
   * Settles all sends after a failed append: with one error, or with the error of each record. Does
   * nothing if they are settled.
   */
  fail(error: unknown): void {
    this.#settle((index) => {
      if (!(error instanceof AppendError)) throw error;
      const outcome = error.outcomes[index];
      if (outcome instanceof Error) throw outcome;
      return outcome as Position;
    });
  }
}
