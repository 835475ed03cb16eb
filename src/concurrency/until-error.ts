/**
 * Guards an object that must not be used after an error: what it holds in memory may then differ
 * from what is stored. States: *usable* → an error → *spent*.
 */
export class UntilError {
  readonly #what: string;
  #isSpent = false;

  /** @param what the object, as the assertion names it */
  constructor(what: string) {
    this.#what = what;
  }

  /** Runs `work`; its failure spends the object. @throws TypeError when an earlier one did */
  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isSpent) throw new TypeError(`${this.#what} is used after an error`);
    try {
      return await work();
    } catch (error) {
      this.#isSpent = true;
      throw error;
    }
  }
}
