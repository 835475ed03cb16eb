/**
 * Users of the workload, unless told otherwise; with 85 windows of one minute that makes about
 * 840,000 result rows from 5,000,000 events.
 */
export const USERS = 10_000;
/** Symbols of `method` in payment.avsc, in its order. */
export const METHODS = ['CARD', 'TRANSFER', 'WALLET'] as const;
export const WINDOW_MS = 60_000;

/** Event time of the first event; a whole minute. Fixed, so that a seed says everything. */
export const START_MS = Date.UTC(2025, 0, 6, 9);
/** 5,000,000 events × 1.02 ms = 85 minutes. */
const EVENTS_APART_MS = 1.02;
/** Within the projection's lateness of 10 s. */
const DISORDER_MS = 5_000;

export interface PaymentStreamOptions {
  readonly seed?: number;
  /** Event time between two events. Default 1.02. */
  readonly eventsApartMs?: number;
  /** Users that pay, each as likely as another. Default 10,000. */
  readonly users?: number;
}

/**
 * The benches' seeded sequence of payments. `next()` moves to the next one and its fields are read
 * from the stream itself: five million objects would be the bench's own cost. The same seed gives
 * the same events on every machine. Amounts are cents divided by 100, so nearly all are inexact
 * doubles in [1, 1001).
 */
export class PaymentStream {
  /** Events taken so far. */
  count = 0;
  userIndex = 0;
  amount = 0;
  methodIndex = 0;
  /** Event time: up to 5 s behind `appendedAtMs`, out of order. */
  occurredAtMs = 0;
  /** Record timestamp: ascending. */
  appendedAtMs = 0;
  /** With `idLow`: the 64 bits of the payment's id. */
  idHigh = 0;
  idLow = 0;
  readonly #eventsApartMs: number;
  readonly #users: number;
  #state: number;

  constructor(options: PaymentStreamOptions = {}) {
    this.#state = (options.seed ?? 20_250_106) >>> 0 || 1;
    this.#users = options.users ?? USERS;
    this.#eventsApartMs = options.eventsApartMs ?? EVENTS_APART_MS;
  }

  next(): void {
    this.userIndex = this.#draw() % this.#users;
    this.amount = (100 + (this.#draw() % 100_000)) / 100;
    this.idHigh = this.#draw();
    this.idLow = this.#draw();
    this.methodIndex = this.idLow % METHODS.length;
    this.appendedAtMs = START_MS + DISORDER_MS + Math.floor(this.count * this.#eventsApartMs);
    this.occurredAtMs = this.appendedAtMs - (this.idHigh % DISORDER_MS);
    this.count += 1;
  }

  /** mulberry32: 32 random bits. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits;
    return (bits ^ (bits >>> 14)) >>> 0;
  }
}

/** The user id of an index, e.g. `user-0042`. */
export function userName(index: number): string {
  return `user-${index.toString().padStart(4, '0')}`;
}

/** The payment's id: 16 hex digits. */
export function paymentId(stream: PaymentStream): string {
  return stream.idHigh.toString(16).padStart(8, '0') + stream.idLow.toString(16).padStart(8, '0');
}
