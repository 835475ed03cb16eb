import type { DeadLetter } from '../../fold/task/task-fold.ts';
import { keyAt, ownRecordAt } from '../../log/record-at.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { pickRecords } from '../../log/slice-batch.ts';
import type { TriedLetter } from '../store/dead-letter-store.ts';
import type { TaskErrorPolicy } from './task-error-policy.ts';

/** What a batch comes to: the records to fold, and those that are set aside instead. */
export interface Parted {
  readonly rest: RecordBatch;
  readonly aside: readonly TriedLetter[];
}

/**
 * Keeps held keys in order: their records are set aside before they are decoded, as long as an
 * earlier one of the key waits. By record key, since every key of a row that needs order contains
 * it. Costs nothing while no key is held and nothing is condemned.
 */
export class Quarantine {
  /** Record keys as latin1 text. */
  readonly #keys: Set<string>;
  readonly #policy: TaskErrorPolicy;

  constructor(keys: Iterable<Buffer>, policy: TaskErrorPolicy) {
    this.#keys = new Set([...keys].map(keyText));
    this.#policy = policy;
  }

  /** Whether any key is held or any record condemned. */
  get isActive(): boolean {
    return this.#keys.size > 0 || this.#policy.hasRejected;
  }

  /** Begins to hold a key: its records from the next batch on wait. */
  add(key: Buffer): void {
    this.#keys.add(keyText(key));
  }

  /** Nothing of the key waits any more. */
  release(key: Buffer): void {
    this.#keys.delete(keyText(key));
  }

  /**
   * Parts a batch. A condemned record that is held begins to hold its key here. `isForeign`: record
   * `i` is no event of the projection, so it waits for nothing. Default: every record is one.
   */
  part(batch: RecordBatch, isForeign: (i: number) => boolean = () => false): Parted {
    if (!this.isActive) return { rest: batch, aside: [] };
    const rest: number[] = [];
    const aside: TriedLetter[] = [];
    for (let i = 0; i < batch.count; i += 1) {
      const letter = isForeign(i) ? null : this.#asideOf(batch, i);
      if (letter === null) rest.push(i);
      else aside.push(letter);
    }
    return aside.length === 0 ? { rest: batch, aside } : { rest: pickRecords(batch, rest), aside };
  }

  #asideOf(batch: RecordBatch, i: number): TriedLetter | null {
    const key = keyAt(batch, i);
    if (key !== null && this.#keys.has(keyText(key))) return this.waiting(ownRecordAt(batch, i));
    const { topic, partition } = batch;
    const rejected = this.#policy.rejected(topic, partition, batch.offsets[i] as number);
    if (rejected === undefined) return null;
    const { letter, isQuarantined } = rejected;
    if (isQuarantined && key !== null) this.add(key);
    return { ...letter, attempts: 1, ...this.mark(isQuarantined ? 'failed' : null) };
  }

  /** A record behind another one of its key. */
  waiting(record: Omit<DeadLetter, 'reason' | 'message' | 'byClock'>): TriedLetter {
    const until =
      this.#policy.retries === null
        ? 'See reprise dlq list, then reprise dlq redrive.'
        : 'Its task folds both by itself once that one can be folded, or is given up.';
    const message = `An earlier record with its key could not be folded; it waits behind that one, in order. ${until}`;
    return {
      ...{ ...record, reason: 'QUARANTINED', message, byClock: false },
      ...{ attempts: 0, ...this.mark('waiting') },
    };
  }

  /** How a letter is marked. */
  mark(quarantine: TriedLetter['quarantine']): Pick<TriedLetter, 'quarantine' | 'isRetried'> {
    return { quarantine, isRetried: quarantine !== null && this.#policy.retries !== null };
  }
}

/** A record key as text that tells keys apart. */
export function keyText(key: Buffer): string {
  return key.toString('latin1');
}
