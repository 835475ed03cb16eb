/** A task at one moment: where it stands, and where its topic ends. */
export interface Observation {
  /** Of task and topic. */
  readonly name: string;
  readonly nextOffset: bigint;
  readonly stableEndOffset: bigint;
}

/**
 * Notices tasks that stand still although there is something to fold: a reader that hangs, a fetch
 * that is never answered. Time is the caller's, in milliseconds.
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

  /** True once for each stretch of `patienceMs` without progress. */
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
