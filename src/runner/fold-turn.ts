/**
 * One at a time folds; whoever writes to Postgres lets the next one fold meanwhile. Two tasks that took turns batch by batch instead would both fold first and then
 * both wait for their COPY. States: *free* → `take` → *taken* → `give` → *free*, or taken by the one that waited longest.
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

  /** Gives the turn away while `work` goes on, and takes it again afterwards, whatever came of it. What `work` does before it first waits is still within the turn. */
  async giveDuring<Result>(work: () => Promise<Result>): Promise<Result> {
    const working = work();
    this.give();
    try {
      return await working;
    } finally {
      await this.take();
    }
  }
}
