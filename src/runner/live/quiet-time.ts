/**
 * Measures how long a task has received no event (wall clock, monotonic), in whole multiples of
 * `idleMs`. Null: it never ticks.
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

  /** Ends the silence: an event arrived. */
  end(): void {
    this.#sinceMs = this.#now();
    this.#ticks = 0;
  }

  /** Returns the time until the next tick is due, in milliseconds. Null: never. */
  untilNextMs(): number | null {
    if (this.#idleMs === null) return null;
    return Math.max(0, this.#sinceMs + (this.#ticks + 1) * this.#idleMs - this.#now());
  }

  /** Returns the length of the silence when a tick is due, once per tick; else null. */
  passedMs(): number | null {
    if (this.#idleMs === null) return null;
    const ticks = Math.floor((this.#now() - this.#sinceMs) / this.#idleMs);
    if (ticks <= this.#ticks) return null;
    this.#ticks = ticks;
    return ticks * this.#idleMs;
  }
}
