import type { RepriseError } from '../../../reprise-error.ts';
import type { Position } from '../../event-log.ts';
import type { QueuedRecord } from './append-call.ts';

/** Settled records are dropped from the front once there are so many. */
const droppedAtOnce = 4_096;

/** Records of one partition in order, from the first that is not settled. */
export class RecordQueue {
  #records: QueuedRecord[] = [];
  #from = 0;

  get length(): number {
    return this.#records.length - this.#from;
  }

  /** All that is there; the unsettled ones begin at `from`. */
  get records(): readonly QueuedRecord[] {
    return this.#records;
  }

  /** Index in `records` of the first that is not settled. */
  get from(): number {
    return this.#from;
  }

  push(record: QueuedRecord): void {
    this.#records.push(record);
  }

  /** When the call of the first record began; Infinity: there is none. */
  headStartedAtMs(): number {
    return this.#records[this.#from]?.call.startedAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** How many records, from the head, are of calls that began before a time. */
  startedBefore(timeMs: number): number {
    let count = 0;
    for (let i = this.#from; i < this.#records.length; i += 1) {
      if ((this.#records[i] as QueuedRecord).call.startedAtMs > timeMs) break;
      count += 1;
    }
    return count;
  }

  /** Settles the first `count` records; `outcome` is asked with their place from the head. */
  settle(count: number, outcome: (nth: number) => Position | RepriseError): void {
    for (let nth = 0; nth < count; nth += 1) {
      const { call, index } = this.#records[this.#from + nth] as QueuedRecord;
      call.settle(index, outcome(nth));
    }
    this.#from += count;
    if (this.#from === this.#records.length || this.#from >= droppedAtOnce) {
      this.#records.splice(0, this.#from);
      this.#from = 0;
    }
  }

  /** Settles some records by their place from the head; the others stay, in order. */
  pick(outcomes: ReadonlyMap<number, RepriseError>): void {
    const left: QueuedRecord[] = [];
    for (let i = this.#from; i < this.#records.length; i += 1) {
      const record = this.#records[i] as QueuedRecord;
      const outcome = outcomes.get(i - this.#from);
      if (outcome === undefined) left.push(record);
      else record.call.settle(record.index, outcome);
    }
    this.#records = left;
    this.#from = 0;
  }
}
