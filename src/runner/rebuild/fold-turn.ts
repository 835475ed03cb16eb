/** How long the one whose turn it is may wait for the log before the next one folds meanwhile. */
const MOMENT_MS = 50;

/**
 * One at a time folds; whoever writes to Postgres lets the next one fold meanwhile. Two tasks that
 * took turns batch by batch instead would both fold first and then both wait for their COPY.
 * States: *free* → `take` → *taken* → `give` → *free*, or taken by the one that waited longest.
 */
export class FoldTurn {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  /** Resolves once it is the caller's turn. */
  async take(): Promise<void> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
  }

  /** Ends the caller's turn. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }

  /**
   * Gives the turn away while `work` goes on, and takes it again afterwards, whatever came of it.
   * What `work` does before it first waits is still within the turn.
   */
  async giveDuring<Result>(work: () => Promise<Result>): Promise<Result> {
    const working = work();
    this.give();
    try {
      return await working;
    } finally {
      await this.take();
    }
  }

  /**
   * Gives what comes of a wait for others, such as a fetch; when that takes more than a moment, the
   * turn is given away meanwhile. `momentMs`: for tests.
   */
  async giveUnlessSoon<Result>(waiting: Promise<Result>, momentMs = MOMENT_MS): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const moment = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, momentMs, 'late');
    });
    const settled = waiting.then(
      () => 'soon' as const,
      () => 'soon' as const,
    );
    const came = await Promise.race([settled, moment]);
    clearTimeout(timer);
    return came === 'soon' ? waiting : this.giveDuring(() => waiting);
  }
}
