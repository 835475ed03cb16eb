import type { ProducerStamp } from './encode-batch.ts';
import type { ProducerIds } from './producer-ids.ts';

const epochMax = 0x7fff;
const sequences = 2 ** 31;

/**
 * The sequence numbers of one partition. The epoch is the partition's own as well: brokers keep
 * (producer id, epoch, sequence) per partition, so that a partition begins a new epoch without a
 * word to the others.
 */
export class ProducerSequence {
  readonly #ids: Pick<ProducerIds, 'current' | 'replace'>;
  #next: ProducerStamp | undefined;

  constructor(ids: Pick<ProducerIds, 'current' | 'replace'>) {
    this.#ids = ids;
  }

  /**
   * The stamp of the next batch; the same until something moves it. @throws LOG_UNAVAILABLE,
   * LOG_UNAUTHORIZED
   */
  async next(): Promise<ProducerStamp> {
    this.#next ??= { ...(await this.#ids.current()), sequence: 0 };
    return this.#next;
  }

  /** So many records are in the log. */
  advance(records: number): void {
    if (this.#next === undefined) return;
    const sequence = (this.#next.sequence + records) % sequences;
    this.#next = { ...this.#next, sequence };
  }

  /**
   * What was stamped and not acknowledged never comes again: the broker refuses it from now on, and
   * cannot take anything new for it (KIP-360).
   */
  beginEpoch(): void {
    if (this.#next === undefined) return;
    const { producerId, epoch } = this.#next;
    if (epoch < epochMax) this.#next = { producerId, epoch: epoch + 1, sequence: 0 };
    else this.replaceId();
  }

  /** Goes on under another producer id. */
  replaceId(): void {
    if (this.#next !== undefined) this.#ids.replace(this.#next.producerId);
    this.#next = undefined;
  }
}
