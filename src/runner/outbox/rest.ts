const FIRST_MS = 250;
const MOST_MS = 10_000;

/**
 * Returns the wait after a number of failures in a row (0: the first), in milliseconds. It doubles
 * each time, up to ten seconds.
 */
export function restMs(failures: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
}

/**
 * Backoff state of a topic or partition: it rests after each failure, longer each time, until it
 * succeeds. Monotonic clock.
 */
export class Rest {
  #failures = 0;
  #untilMs = 0;

  get isOver(): boolean {
    return performance.now() >= this.#untilMs;
  }

  /** Records a failure. @returns how long it rests from now, in milliseconds */
  failed(): number {
    const ms = restMs(this.#failures);
    this.#failures += 1;
    this.#untilMs = performance.now() + ms;
    return ms;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#untilMs = 0;
  }
}
