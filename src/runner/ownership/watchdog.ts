/** A task at one moment: its next offset, and the end of its topic. */
export interface Observation {
  /** Unique name of task and topic. */
  readonly name: string;
  readonly nextOffset: bigint;
  readonly stableEndOffset: bigint;
}

/**
 * Finds tasks that make no progress although there are records to fold: for example a reader that
 * hangs, or a fetch that is never answered. The caller supplies the time, in milliseconds.
 */
export class Watchdog {
  readonly #patienceMs: number;
  readonly #positions = new Map<
    string,
    { readonly nextOffset: bigint; readonly sinceMs: number }
  >();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Returns true once for each period of `patienceMs` without progress. */
  isStalled({ name, nextOffset, stableEndOffset }: Observation, nowMs: number): boolean {
    const before = this.#positions.get(name);
    if (nextOffset >= stableEndOffset || before?.nextOffset !== nextOffset) {
      this.#positions.set(name, { nextOffset, sinceMs: nowMs });
      return false;
    }
    if (nowMs - before.sinceMs < this.#patienceMs) return false;
    this.#positions.set(name, { nextOffset, sinceMs: nowMs });
    return true;
  }
}
