import { setTimeout as delay } from 'node:timers/promises';
import { LoginAttempted, UserActed } from '../../schemas/index.ts';
import { wholeLog } from '../../src/cli/terminal/whole-log.ts';
import type { Position } from '../../src/log/event-log.ts';
import type { Reprise } from '../../src/reprise.ts';

const TURN_MS = 20;
/** One event in so many is a log-in. */
const LOGIN_EVERY = 4;

/** What the ledger found wrong, in words, and how many records each topic holds. */
export interface LedgerReport {
  readonly problems: readonly string[];
  readonly records: number;
  readonly uncertain: number;
}

/**
 * Publishes at a steady rate, and keeps the ledger: where each event was acknowledged, by its
 * number. An event whose append failed is uncertain (it may be in the log), and is not sent again.
 */
export class Load {
  readonly #app: Reprise;
  readonly #random: () => number;
  readonly #acknowledged = new Map<string, number>();
  readonly #uncertain = new Set<number>();
  #published = 0;
  #isSilent = false;

  constructor(app: Reprise, random: () => number) {
    this.#app = app;
    this.#random = random;
  }

  get published(): number {
    return this.#published;
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /**
   * Runs until the signal; resolves when what it sent is acknowledged or has failed. What an outage
   * held up is made up for afterwards.
   */
  async run(ratePerSecond: number, signal: AbortSignal): Promise<void> {
    const beganMs = performance.now();
    let silentMs = 0;
    for (let lastMs = beganMs; !signal.aborted; ) {
      const nowMs = performance.now();
      if (this.#isSilent) silentMs += nowMs - lastMs;
      lastMs = nowMs;
      const due = this.#isSilent ? 0 : ((nowMs - beganMs - silentMs) / 1000) * ratePerSecond;
      // The publisher's own buffer bounds what an outage piles up; this bounds what it is asked at
      // once.
      for (let burst = 0; this.#published < due && burst < ratePerSecond; burst += 1) this.#send();
      await delay(TURN_MS, undefined, { signal }).catch(() => undefined);
    }
    await this.#app.publisher.flush().catch(() => undefined);
  }

  /** Nothing is published until `work` is done. */
  async silence(work: () => Promise<void>): Promise<void> {
    this.#isSilent = true;
    try {
      await work();
    } finally {
      this.#isSilent = false;
    }
  }

  #send(): void {
    const number = this.#published;
    this.#published += 1;
    const occurredAt = new Date();
    const user = Math.floor(this.#random() * 200);
    const sent =
      number % LOGIN_EVERY === 0
        ? this.#app.publisher.publish(LoginAttempted, {
            userId: `user-${user}`,
            result: this.#random() < 0.25 ? 'FAILURE' : 'SUCCESS',
            address: String(number),
            occurredAt,
          })
        : this.#app.publisher.publish(UserActed, {
            eventId: uuidOf(number),
            userId: `user-${user}`,
            action: 'CLICK',
            value: this.#random() * 1_000,
            occurredAt,
          });
    sent.then(
      (position) => this.#acknowledged.set(placeOf(position), number),
      () => this.#uncertain.add(number),
    );
  }

  /**
   * Compares the ledger with the log: every acknowledged event is where it was acknowledged; every
   * event is there once at most; what is there and not acknowledged is uncertain.
   */
  async audit(): Promise<LedgerReport> {
    const problems: string[] = [];
    const seen = new Set<number>();
    const unseen = new Map(this.#acknowledged);
    for (const event of [LoginAttempted, UserActed]) {
      for await (const { record, event: value } of wholeLog(this.#app, event)) {
        const number = numberOf(value as LoginAttempted | UserActed);
        const place = placeOf(record);
        const expected = this.#acknowledged.get(place);
        unseen.delete(place);
        if (seen.has(number))
          problems.push(`event ${number} is in the log twice, again at ${place}`);
        seen.add(number);
        if (expected !== undefined && expected !== number)
          problems.push(`${place} holds event ${number}, not ${expected}`);
        if (expected === undefined && !this.#uncertain.has(number))
          problems.push(`event ${number} at ${place} is in no ledger`);
      }
    }
    for (const [place, number] of unseen)
      problems.push(`event ${number} was acknowledged at ${place} and is not there`);
    return { problems, records: seen.size, uncertain: this.#uncertain.size };
  }
}

function placeOf({ topic, partition, offset }: Position): string {
  return `${topic}[${partition}]@${offset}`;
}

function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function numberOf(value: LoginAttempted | UserActed): number {
  return Number('eventId' in value ? value.eventId.slice(-12) : value.address);
}
