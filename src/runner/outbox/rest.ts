const FIRST_MS = 250;
const MOST_MS = 10_000;

/**
 * How long to wait after so many failures in a row (0: the first), milliseconds: twice as long each
 * time, ten seconds at most.
 */
export function restMs(failures: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
}

/** What failed rests, longer each time, until it succeeds. Monotone clock. */
export class Rest {
  #failures = 0;
  #untilMs = 0;

  get isOver(): boolean {
    return performance.now() >= this.#untilMs;
  }

  /** @returns how long it rests now */
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
