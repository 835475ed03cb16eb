import type { DeadLetter } from '../../fold/task-fold.ts';
import { keyAt, ownRecordAt } from '../../log/log-record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { pickRecords } from '../../log/slice-batch.ts';
import type { TriedLetter } from '../dead-letter-store.ts';
import type { Judge } from './judge.ts';

/** What a batch comes to: the records to fold, and those that are set aside instead. */
export interface Parted {
  readonly rest: RecordBatch;
  readonly aside: readonly TriedLetter[];
}

/**
 * Keeps quarantined keys in order: their records are set aside before they are decoded, as long as an earlier one of the key waits. By record key, since every key of a row that
 * needs order contains it. Costs nothing while no key is held and nothing is condemned.
 */
export class KeyHold {
  /** Record keys as latin1 text. */
  readonly #keys: Set<string>;
  readonly #judge: Judge;

  constructor(keys: Iterable<Buffer>, judge: Judge) {
    this.#keys = new Set([...keys].map(textOf));
    this.#judge = judge;
  }

  /** Whether any key is held or any record condemned. */
  get isActive(): boolean {
    return this.#keys.size > 0 || this.#judge.hasCondemned;
  }

  /** Parts a batch. A condemned record that holds its key begins to hold it here. `isForeign`: record `i` is no event of the projection, so it waits for nothing. Default: every record is one. */
  part(batch: RecordBatch, isForeign: (i: number) => boolean = () => false): Parted {
    if (!this.isActive) return { rest: batch, aside: [] };
    const rest: number[] = [];
    const aside: TriedLetter[] = [];
    for (let i = 0; i < batch.count; i += 1) {
      const letter = isForeign(i) ? null : this.#judged(batch, i);
      if (letter === null) rest.push(i);
      else aside.push(letter);
    }
    return aside.length === 0 ? { rest: batch, aside } : { rest: pickRecords(batch, rest), aside };
  }

  #judged(batch: RecordBatch, i: number): TriedLetter | null {
    const key = keyAt(batch, i);
    if (key !== null && this.#keys.has(textOf(key))) return waiting(batch, i);
    const { topic, partition } = batch;
    const condemned = this.#judge.condemned(topic, partition, batch.offsets[i] as number);
    if (condemned === undefined) return null;
    const { letter, attempts, holdsKey } = condemned;
    if (holdsKey && key !== null) this.#keys.add(textOf(key));
    return { ...letter, attempts, quarantine: holdsKey ? 'failed' : null };
  }
}

function waiting(batch: RecordBatch, i: number): TriedLetter {
  const letter: DeadLetter = {
    ...ownRecordAt(batch, i),
    reason: 'QUARANTINED',
    message:
      'An earlier record with its key could not be folded; it waits behind that one, in order. See reprise dlq list, then reprise dlq redrive.',
    byClock: false,
  };
  return { ...letter, attempts: 0, quarantine: 'waiting' };
}

function textOf(key: Buffer): string {
  return key.toString('latin1');
}
