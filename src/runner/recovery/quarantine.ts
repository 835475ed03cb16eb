import type { DeadLetter } from '../../fold/task/task-fold.ts';
import { keyAt, ownRecordAt } from '../../log/record-at.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { pickRecords } from '../../log/slice-batch.ts';
import type { TriedLetter } from '../store/dead-letter-store.ts';
import type { TaskErrorPolicy } from './task-error-policy.ts';

/** A divided batch: the records to fold, and those set aside. */
export interface Parted {
  readonly rest: RecordBatch;
  readonly aside: readonly TriedLetter[];
}

/**
 * Keeps quarantined keys in order: their records are set aside before they are decoded, while an
 * earlier record of the key waits. Works by record key, because every key of a row that depends on
 * order contains it. Costs nothing while no key is quarantined and no record is rejected.
 */
export class Quarantine {
  /** Record keys as latin1 text. */
  readonly #keys: Set<string>;
  readonly #policy: TaskErrorPolicy;

  constructor(keys: Iterable<Buffer>, policy: TaskErrorPolicy) {
    this.#keys = new Set([...keys].map(keyText));
    this.#policy = policy;
  }

  /** Whether any key is quarantined or any record rejected. */
  get isActive(): boolean {
    return this.#keys.size > 0 || this.#policy.hasRejected;
  }

  /** Quarantines a key: its records wait, from the next batch on. */
  add(key: Buffer): void {
    this.#keys.add(keyText(key));
  }

  /** Releases a key: none of its records waits any more. */
  release(key: Buffer): void {
    this.#keys.delete(keyText(key));
  }

  /**
   * Divides a batch. A rejected record that is quarantined quarantines its key here. `isForeign`:
   * record `i` is not an event of the projection, so it waits for nothing. Default: every record is
   * one.
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

  /** Returns the dead letter of a record that waits behind another one of its key. */
  waiting(record: Omit<DeadLetter, 'reason' | 'message' | 'byClock'>): TriedLetter {
    const until =
      this.#policy.retries === null
        ? 'See reprise dlq list, then reprise dlq redrive.'
        : 'Its task folds this one once the earlier one is folded or given up.';
    const message = `An earlier record with its key could not be folded; this one waits behind it, in order. ${until}`;
    return {
      ...{ ...record, reason: 'QUARANTINED', message, byClock: false },
      ...{ attempts: 0, ...this.mark('waiting') },
    };
  }

  /** Returns the quarantine columns of a letter. */
  mark(quarantine: TriedLetter['quarantine']): Pick<TriedLetter, 'quarantine' | 'isRetried'> {
    return { quarantine, isRetried: quarantine !== null && this.#policy.retries !== null };
  }
}

/** Returns a record key as text, unique per key. */
export function keyText(key: Buffer): string {
  return key.toString('latin1');
}
