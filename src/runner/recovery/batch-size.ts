/** What a failure divides the stretch at fault by. */
const NARROWING = 16;
/** What a success widens the batch size by, once nothing is suspect any more. */
const WIDENING = 4;
/** Where narrowing starts for a task whose flushes have no limit. */
const LIMIT_MAX = 1_000_000;

/**
 * How many records one flush may hold. States: *wide* (the limit is the largest) → `failed` or
 * `died`: *narrow* (a sixteenth of the stretch at fault, while that stretch is worked off in parts)
 * → a stretch of one record fails: that record is at fault. What is good on the way is committed,
 * exactly once; what is bad stands alone in the end, after one failure for each factor of sixteen.
 * Lives as long as the task is this process's.
 */
export class BatchSize {
  readonly #largest: number;
  #limit: number;
  /** Records still to be passed before the stretch at fault lies behind. */
  #suspect = 0;
  #deaths = 0;
  #marked: string | null = null;

  /** @param largest records per flush while all is well; Infinity: no limit */
  constructor(largest: number) {
    this.#largest = largest;
    this.#limit = largest;
  }

  /** Records that may be folded before a flush is due. */
  get recordsMax(): number {
    return this.#limit;
  }

  /**
   * True after so many deaths that records are tried one at a time: then the task says which one
   * before it decodes it.
   */
  get triesOne(): boolean {
    return this.#deaths > 0 && this.#limit === 1;
  }

  /** Whether this process has not said yet that it is about to fold this record; it has then. */
  marks(record: string): boolean {
    if (this.#marked === record) return false;
    this.#marked = record;
    return true;
  }

  /** `records` (more than one) could not be flushed together. */
  failed(records: number): void {
    this.#limit = Math.max(1, Math.ceil(records / NARROWING));
    this.#suspect = Math.max(this.#suspect, records);
  }

  /**
   * So many processes in a row ended while they ran this task, each with a smaller batch size than
   * the one before.
   */
  died(deaths: number): void {
    if (deaths <= this.#deaths) return;
    this.#deaths = deaths;
    const before = Math.min(this.#largest, LIMIT_MAX) / NARROWING ** (deaths - 1);
    this.#limit = Math.max(1, Math.floor(before / NARROWING));
    this.#suspect = Math.max(1, Math.floor(before));
  }

  /** A flush of `records` was committed. @returns true when this leaves the deaths behind */
  passed(records: number): boolean {
    this.#suspect -= records;
    if (this.#suspect > 0) return false;
    this.#limit = Math.min(this.#largest, this.#limit * WIDENING);
    const survived = this.#deaths > 0;
    this.#deaths = 0;
    return survived;
  }

  /** The record at fault was found, or there is nothing left to fold: nothing is suspect. */
  cleared(): void {
    this.#suspect = 0;
  }
}
