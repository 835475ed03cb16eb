import { RepriseError } from '../../../reprise-error.ts';
import type { AppendRecord, Position } from '../../event-log.ts';
import type { AppendCall } from './append-call.ts';

/** Settled records are dropped from the front once there are so many. */
const droppedAtOnce = 4_096;

/**
 * Records of one partition in order, from the first that is not settled: side by side with the call
 * that each is of, and its index there.
 */
export class RecordQueue {
  #records: AppendRecord[] = [];
  #calls: AppendCall[] = [];
  #indexes: number[] = [];
  #from = 0;
  /** Some call has a refused record that others of its key must not overtake. */
  #mayOvertake = false;

  get length(): number {
    return this.#records.length - this.#from;
  }

  /** All that is there; the unsettled ones begin at `from`. */
  get records(): readonly AppendRecord[] {
    return this.#records;
  }

  /** Index in `records` of the first that is not settled. */
  get from(): number {
    return this.#from;
  }

  /** `index`: of the record in its call. */
  push(record: AppendRecord, call: AppendCall, index: number): void {
    this.#records.push(record);
    this.#calls.push(call);
    this.#indexes.push(index);
  }

  /** When the call of the first record began; Infinity: there is none. */
  headStartedAtMs(): number {
    return this.#calls[this.#from]?.startedAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** How many records, from the head, are of calls that began before a time. */
  startedBefore(timeMs: number): number {
    const later = this.#calls.findIndex(
      ({ startedAtMs }, i) => i >= this.#from && startedAtMs > timeMs,
    );
    return later < 0 ? this.length : later - this.#from;
  }

  /** Settles the first `count` records; `outcome` is asked with their place from the head. */
  settle(count: number, outcome: (nth: number) => Position | RepriseError): void {
    for (let nth = 0; nth < count; nth += 1) this.#settleAt(this.#from + nth, outcome(nth));
    this.#from += count;
    if (this.#from === this.#records.length || this.#from >= droppedAtOnce) {
      for (const list of [this.#records, this.#calls, this.#indexes]) list.splice(0, this.#from);
      this.#from = 0;
    }
  }

  /** Settles some records by their place from the head; the others stay, in order. */
  pick(outcomes: ReadonlyMap<number, RepriseError>): void {
    for (const [nth, outcome] of outcomes) this.#settleAt(this.#from + nth, outcome);
    const stays = (_: unknown, i: number) => i >= this.#from && !outcomes.has(i - this.#from);
    this.#records = this.#records.filter(stays);
    this.#calls = this.#calls.filter(stays);
    this.#indexes = this.#indexes.filter(stays);
    this.#from = 0;
  }

  /**
   * Settles the records that would overtake a refused one of their key, where their call asks for
   * that.
   */
  settleOvertaking(outcome: () => RepriseError): void {
    if (!this.#mayOvertake) return;
    this.#mayOvertake = false;
    const outcomes = new Map<number, RepriseError>();
    for (let i = this.#from; i < this.#records.length; i += 1) {
      const isBehind = this.#calls[i]?.mustWait(this, this.#records[i]?.key ?? null);
      if (isBehind === true) outcomes.set(i - this.#from, outcome());
    }
    if (outcomes.size > 0) this.pick(outcomes);
  }

  #settleAt(i: number, outcome: Position | RepriseError): void {
    if (outcome instanceof RepriseError) {
      const waits = this.#calls[i]?.refused(this, this.#records[i]?.key ?? null);
      if (waits === true) this.#mayOvertake = true;
    }
    this.#calls[i]?.settle(this.#indexes[i] as number, outcome);
  }
}
