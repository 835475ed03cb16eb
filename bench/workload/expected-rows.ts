import type { PaymentStreamOptions } from './payment-stream.ts';
import { PaymentStream, START_MS, USERS, WINDOW_MS } from './payment-stream.ts';

const SCALE = 2 ** 26;

/** One result row as the bench computes it itself. */
export interface ExpectedRow {
  readonly payments: number;
  /** The exact sum, rounded once to the nearest double. */
  readonly total: number;
  readonly smallest: number;
  readonly largest: number;
}

/**
 * The aggregates per user and minute, computed without any of reprise: the benches compare every
 * row with these. Sums are exact: every amount is a multiple of 2^-52 below 1024, so it splits into
 * two integers whose sums stay below 2^53.
 */
export class ExpectedRows {
  /** Rows that exist. */
  readonly rowCount: number;
  readonly #windows: number;
  readonly #windowMs: number;
  readonly #payments: Int32Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #smallest: Float64Array;
  readonly #largest: Float64Array;

  /** `windowMs`: a divisor of an hour; default a minute. */
  constructor(
    events: number,
    {
      windowMs = WINDOW_MS,
      ...options
    }: PaymentStreamOptions & { readonly windowMs?: number } = {},
  ) {
    this.#windowMs = windowMs;
    const last = new PaymentStream(options);
    last.count = Math.max(0, events - 1);
    last.next();
    this.#windows = Math.floor((last.appendedAtMs - START_MS) / this.#windowMs) + 1;
    const cells = (options.users ?? USERS) * this.#windows;
    this.#payments = new Int32Array(cells);
    this.#high = new Float64Array(cells);
    this.#low = new Float64Array(cells);
    this.#smallest = new Float64Array(cells).fill(Number.POSITIVE_INFINITY);
    this.#largest = new Float64Array(cells).fill(Number.NEGATIVE_INFINITY);
    let rowCount = 0;
    const stream = new PaymentStream(options);
    while (stream.count < events) {
      stream.next();
      if (this.#add(stream)) rowCount += 1;
    }
    this.rowCount = rowCount;
  }

  /** The row of a user and window, or null when there is none. */
  row(userIndex: number, windowStartMs: number): ExpectedRow | null {
    const window = (windowStartMs - START_MS) / this.#windowMs;
    if (!Number.isInteger(window) || window < 0 || window >= this.#windows) return null;
    const cell = userIndex * this.#windows + window;
    const payments = this.#payments[cell];
    if (payments === undefined || payments === 0) return null;
    return {
      payments,
      total: this.#total(cell),
      smallest: this.#smallest[cell] as number,
      largest: this.#largest[cell] as number,
    };
  }

  /** @returns true when this is the row's first event */
  #add(stream: PaymentStream): boolean {
    const { amount } = stream;
    const window = Math.floor((stream.occurredAtMs - START_MS) / this.#windowMs);
    const cell = stream.userIndex * this.#windows + window;
    const high = Math.floor(amount * SCALE);
    this.#high[cell] = (this.#high[cell] as number) + high;
    this.#low[cell] = (this.#low[cell] as number) + (amount * SCALE - high) * SCALE;
    if (amount < (this.#smallest[cell] as number)) this.#smallest[cell] = amount;
    if (amount > (this.#largest[cell] as number)) this.#largest[cell] = amount;
    const payments = this.#payments[cell] as number;
    this.#payments[cell] = payments + 1;
    return payments === 0;
  }

  /** Number(bigint) rounds to nearest, ties to even; dividing by a power of two is exact. */
  #total(cell: number): number {
    const exact =
      BigInt(this.#high[cell] as number) * BigInt(SCALE) + BigInt(this.#low[cell] as number);
    return Number(exact) / SCALE / SCALE;
  }
}
