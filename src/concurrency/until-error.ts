/**
 * Guards an object that must not be used after an error, because its memory may then differ from
 * what is stored. States: *usable* → an error → *spent*.
 */
export class UntilError {
  readonly #what: string;
  #isSpent = false;

  /** @param what name of the object in the assertion */
  constructor(what: string) {
    this.#what = what;
  }

  /** Runs `work`; if it fails, the object is spent. @throws TypeError if an earlier call failed */
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
