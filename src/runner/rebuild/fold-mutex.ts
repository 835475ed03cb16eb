/** How long its holder may wait for the log before another task folds meanwhile. */
const MOMENT_MS = 50;

/**
 * Lets one task fold at a time. A task that waits for Postgres or for the log releases it
 * meanwhile: one folds while another writes. Without it, tasks that fold batch by batch side by
 * side would reach their COPY together and then wait for it together.
 *
 * States: *free* → `acquire` → *held* → `release` → *free*, or held by the task that waited
 * longest.
 */
export class FoldMutex {
  #isHeld = false;
  readonly #waiting: (() => void)[] = [];

  /** Resolves once the caller holds it. */
  async acquire(): Promise<void> {
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isHeld = true;
  }

  /** Passes it to the task that waited longest. @throws TypeError when nobody holds it */
  release(): void {
    if (!this.#isHeld) throw new TypeError('released a mutex that nobody holds');
    const next = this.#waiting.shift();
    if (next === undefined) this.#isHeld = false;
    else next();
  }

  /**
   * Releases it while `work` is in progress and acquires it again, also when `work` fails. `work`
   * still holds it until it first waits.
   */
  async releaseDuring<Result>(work: () => Promise<Result>): Promise<Result> {
    const working = work();
    this.release();
    try {
      return await working;
    } finally {
      await this.acquire();
    }
  }

  /**
   * Waits for `result`, such as a fetch, and releases it meanwhile when that takes longer than
   * `momentMs` (default 50).
   */
  async releaseUnlessSoon<Result>(result: Promise<Result>, momentMs = MOMENT_MS): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const moment = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, momentMs, 'late');
    });
    const settled = result.then(
      () => 'soon' as const,
      () => 'soon' as const,
    );
    const came = await Promise.race([settled, moment]);
    clearTimeout(timer);
    return came === 'soon' ? result : this.releaseDuring(() => result);
  }
}
