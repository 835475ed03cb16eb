import { RepriseError } from '../../../reprise-error.ts';
import type { AppendRecord, Position } from '../../event-log.ts';
import type { AppendCall } from './append-call.ts';

/** Number of settled records at which they are dropped from the front. */
const droppedAtOnce = 4_096;

/**
 * Records of one partition in order, starting with the first unsettled one; beside each its call
 * and its index there.
 */
export class RecordQueue {
  #records: AppendRecord[] = [];
  #calls: AppendCall[] = [];
  #indexes: number[] = [];
  #from = 0;
  /** True if a call has a refused record that others of its key must not overtake. */
  #mayOvertake = false;

  get length(): number {
    return this.#records.length - this.#from;
  }

  /** All records; the unsettled ones start at `from`. */
  get records(): readonly AppendRecord[] {
    return this.#records;
  }

  /** Index in `records` of the first unsettled record. */
  get from(): number {
    return this.#from;
  }

  /** Adds a record. `index`: its index in its call. */
  push(record: AppendRecord, call: AppendCall, index: number): void {
    this.#records.push(record);
    this.#calls.push(call);
    this.#indexes.push(index);
  }

  /** Start time of the first record's call; Infinity if the queue is empty. */
  headStartedAtMs(): number {
    return this.#calls[this.#from]?.startedAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** Number of records, from the head, whose calls started before a time. */
  startedBefore(timeMs: number): number {
    const later = this.#calls.findIndex(
      ({ startedAtMs }, i) => i >= this.#from && startedAtMs > timeMs,
    );
    return later < 0 ? this.length : later - this.#from;
  }

  /** Settles the first `count` records; `outcome` gets their index from the head. */
  settle(count: number, outcome: (nth: number) => Position | RepriseError): void {
    for (let nth = 0; nth < count; nth += 1) this.#settleAt(this.#from + nth, outcome(nth));
    this.#from += count;
    if (this.#from === this.#records.length || this.#from >= droppedAtOnce) {
      for (const list of [this.#records, this.#calls, this.#indexes]) list.splice(0, this.#from);
      this.#from = 0;
    }
  }

  /** Settles some records by their index from the head; the others stay, in order. */
  pick(outcomes: ReadonlyMap<number, RepriseError>): void {
    for (const [nth, outcome] of outcomes) this.#settleAt(this.#from + nth, outcome);
    const stays = (_: unknown, i: number) => i >= this.#from && !outcomes.has(i - this.#from);
    this.#records = this.#records.filter(stays);
    this.#calls = this.#calls.filter(stays);
    this.#indexes = this.#indexes.filter(stays);
    this.#from = 0;
  }

  /**
   * Settles the records that would overtake a refused one of their key, if their call requires it.
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
