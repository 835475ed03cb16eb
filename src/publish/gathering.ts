import { AppendError } from '../log/append-error.ts';
import type { AppendRecord, Position } from '../log/event-log.ts';

/** Gives the position of the record at an index, or throws why it has none. */
type OutcomeAt = (index: number) => Position;

/**
 * Sends that travel in one append: gathering → in flight → settled, once. What a send costs while
 * it waits is its record and one promise: with thousands of them on their way, the garbage
 * collector takes longer than encoding.
 */
export class Gathering {
  readonly records: AppendRecord[] = [];
  /** Of keys and values. */
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

  /** Resolves with the record's position; rejects alone when it failed. */
  add(record: AppendRecord, bytes: number): Promise<Position> {
    const index = this.records.push(record) - 1;
    this.bytes += bytes;
    return this.#settled.then((outcomeAt) => outcomeAt(index));
  }

  /** All of them are in the log. */
  succeed(positions: readonly Position[]): void {
    this.#settle((index) => positions[index] as Position);
  }

  /** The append failed: as a whole, or as the error says of each. Nothing once they are settled. */
  fail(error: unknown): void {
    this.#settle((index) => {
      if (!(error instanceof AppendError)) throw error;
      const outcome = error.outcomes[index];
      if (outcome instanceof Error) throw outcome;
      return outcome as Position;
    });
  }
}
