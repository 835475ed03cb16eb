/**
 * How long a task has seen nothing (wall clock, monotonic), in whole multiples of `idleMs`. Null:
 * it never ticks.
 */
export class QuietTime {
  readonly #idleMs: number | null;
  readonly #now: () => number;
  #sinceMs: number;
  #ticks = 0;

  constructor(idleMs: number | null, now: () => number = () => performance.now()) {
    this.#idleMs = idleMs;
    this.#now = now;
    this.#sinceMs = now();
  }

  /** Something came: the silence is over. */
  end(): void {
    this.#sinceMs = this.#now();
    this.#ticks = 0;
  }

  /** Milliseconds until the next tick is due; null: never. */
  untilNextMs(): number | null {
    if (this.#idleMs === null) return null;
    return Math.max(0, this.#sinceMs + (this.#ticks + 1) * this.#idleMs - this.#now());
  }

  /** The silence so far when a tick is due, each once; else null. */
  passedMs(): number | null {
    if (this.#idleMs === null) return null;
    const ticks = Math.floor((this.#now() - this.#sinceMs) / this.#idleMs);
    if (ticks <= this.#ticks) return null;
    this.#ticks = ticks;
    return ticks * this.#idleMs;
  }
}
