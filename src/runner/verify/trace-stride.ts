import { Stride } from '../recovery/stride.ts';

/**
 * A stretch of a replay: the records `[from, until)`, counted from its beginning in the order of
 * the fold.
 */
export interface Stretch {
  readonly from: number;
  readonly until: number;
}

/**
 * Has a replay flush at the end of every stretch of `length` records and, inside stretches that are
 * looked into, after every record. Counts by what is committed, so it also fits a replay that is
 * taken up again.
 */
export class TraceStride extends Stride {
  readonly #length: number;
  readonly #lookedInto: readonly Stretch[];
  #position = 0;

  constructor(length: number, lookedInto: readonly Stretch[]) {
    super(length);
    this.#length = length;
    this.#lookedInto = lookedInto;
  }

  /** Records committed so far. */
  get position(): number {
    return this.#position;
  }

  override get recordsMax(): number {
    const at = this.#position;
    if (this.#lookedInto.some(({ from, until }) => at >= from && at < until)) return 1;
    return Math.min(super.recordsMax, this.#length - (at % this.#length));
  }

  override passed(records: number): boolean {
    this.#position += records;
    return super.passed(records);
  }
}
