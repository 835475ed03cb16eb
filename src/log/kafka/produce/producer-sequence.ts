import type { ProducerStamp } from './encode-batch.ts';
import type { ProducerIds } from './producer-ids.ts';

const epochMax = 0x7fff;
const sequences = 2 ** 31;

/**
 * The sequence numbers of one partition. Each partition has its own epoch: brokers keep (producer
 * id, epoch, sequence) per partition, so that a partition can start a new epoch without the others.
 */
export class ProducerSequence {
  readonly #ids: Pick<ProducerIds, 'current' | 'replace'>;
  #next: ProducerStamp | undefined;

  constructor(ids: Pick<ProducerIds, 'current' | 'replace'>) {
    this.#ids = ids;
  }

  /**
   * Returns the stamp of the next batch; the same until `advance`, `beginEpoch` or `replaceId`.
   * @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED
   */
  async next(): Promise<ProducerStamp> {
    this.#next ??= { ...(await this.#ids.current()), sequence: 0 };
    return this.#next;
  }

  /** Advances the sequence: that many records are in the log. */
  advance(records: number): void {
    if (this.#next === undefined) return;
    const sequence = (this.#next.sequence + records) % sequences;
    this.#next = { ...this.#next, sequence };
  }

  /**
   * Starts a new epoch. Batches that were stamped and not acknowledged are never sent again: the
   * broker refuses them from now on, and does not take new records for them (KIP-360).
   */
  beginEpoch(): void {
    if (this.#next === undefined) return;
    const { producerId, epoch } = this.#next;
    if (epoch < epochMax) this.#next = { producerId, epoch: epoch + 1, sequence: 0 };
    else this.replaceId();
  }

  /** Continues under another producer id. */
  replaceId(): void {
    if (this.#next !== undefined) this.#ids.replace(this.#next.producerId);
    this.#next = undefined;
  }
}
