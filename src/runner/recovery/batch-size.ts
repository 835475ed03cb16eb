/** The batch size after a failure: the failed records divided by this. */
const NARROWING = 16;
/** Factor by which a success enlarges the batch size, once no record is suspect. */
const WIDENING = 4;
/** Start of the reduction for a task whose flushes have no limit. */
const LIMIT_MAX = 1_000_000;

/**
 * Number of records that one flush may hold. States: *wide* (the limit is the largest) → `failed`
 * or `died` → *narrow*: the limit is a sixteenth of the failed records, until these have been
 * folded in parts → a batch of one record fails: that record is at fault. Good records are
 * committed on the way, exactly once; bad records end up alone, after one failure for each factor
 * of sixteen. Lives as long as this process owns the task.
 */
export class BatchSize {
  readonly #largest: number;
  #limit: number;
  /** Suspect records that have not been committed yet. */
  #suspect = 0;
  #deaths = 0;
  #marked: string | null = null;

  /** @param largest records per flush without failures; Infinity: no limit */
  constructor(largest: number) {
    this.#largest = largest;
    this.#limit = largest;
  }

  /** Records that may be folded before a flush is due. */
  get recordsMax(): number {
    return this.#limit;
  }

  /**
   * True after so many deaths that records are tried one at a time: then each record is named in
   * Postgres before it is decoded.
   */
  get triesOne(): boolean {
    return this.#deaths > 0 && this.#limit === 1;
  }

  /**
   * Returns true the first time this process asks about a record, which must then be named in
   * Postgres.
   */
  marks(record: string): boolean {
    if (this.#marked === record) return false;
    this.#marked = record;
    return true;
  }

  /** Records that `records` records (more than one) could not be flushed together. */
  failed(records: number): void {
    this.#limit = Math.max(1, Math.ceil(records / NARROWING));
    this.#suspect = Math.max(this.#suspect, records);
  }

  /**
   * Records that `deaths` processes in a row ended while they ran this task, each with a smaller
   * batch size than the one before.
   */
  died(deaths: number): void {
    if (deaths <= this.#deaths) return;
    this.#deaths = deaths;
    const before = Math.min(this.#largest, LIMIT_MAX) / NARROWING ** (deaths - 1);
    this.#limit = Math.max(1, Math.floor(before / NARROWING));
    this.#suspect = Math.max(1, Math.floor(before));
  }

  /**
   * Records that a flush of `records` was committed. @returns true if this commits the last suspect
   * records of those deaths
   */
  passed(records: number): boolean {
    this.#suspect -= records;
    if (this.#suspect > 0) return false;
    this.#limit = Math.min(this.#largest, this.#limit * WIDENING);
    const survived = this.#deaths > 0;
    this.#deaths = 0;
    return survived;
  }

  /** Ends the search: the record at fault was found, or nothing is left to fold. */
  cleared(): void {
    this.#suspect = 0;
  }
}
