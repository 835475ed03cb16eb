import type { RecordBatch } from '../../log/record-batch.ts';

/** Limits of what one task may queue. Beyond either, the reader waits (back-pressure). */
const BYTES_MAX = 8 * 1024 * 1024;
const BATCHES_MAX = 256;

/**
 * Bounded queue of record batches between the reader and one task, in order. One producer, one
 * consumer.
 */
export class BatchQueue {
  #batches: RecordBatch[] = [];
  #bytes = 0;
  #ended = false;
  #wakeConsumer: (() => void) | null = null;
  #wakeProducer: (() => void) | null = null;

  /** Resolves once the batch is queued, or is dropped because the queue has ended. */
  async push(batch: RecordBatch): Promise<void> {
    while (!this.#ended && (this.#bytes >= BYTES_MAX || this.#batches.length >= BATCHES_MAX)) {
      await new Promise<void>((resolve) => {
        this.#wakeProducer = resolve;
      });
    }
    if (this.#ended) return;
    this.#batches.push(batch);
    this.#bytes += sizeOf(batch);
    this.#wakeConsumer?.();
  }

  /**
   * Takes everything queued, at least one batch. Empty only once the queue has ended, or when
   * nothing arrived for `waitMs` (null: waits without limit).
   */
  async takeAll(waitMs: number | null = null): Promise<readonly RecordBatch[]> {
    let timer: NodeJS.Timeout | undefined;
    let expired = false;
    while (!this.#ended && this.#batches.length === 0 && !expired) {
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
        if (waitMs === null || timer !== undefined) return;
        timer = setTimeout(() => {
          expired = true;
          this.#wakeConsumer?.();
        }, waitMs);
      });
    }
    clearTimeout(timer);
    if (this.#ended) return [];
    const taken = this.#batches;
    this.#batches = [];
    this.#bytes = 0;
    this.#wakeProducer?.();
    return taken;
  }

  /** Drops what is queued and releases both sides. */
  end(): void {
    this.#ended = true;
    this.#batches = [];
    this.#wakeConsumer?.();
    this.#wakeProducer?.();
  }
}

/**
 * Counts the span that the records cover, not the buffer: batches of several partitions may share
 * one buffer.
 */
function sizeOf(batch: RecordBatch): number {
  if (batch.count === 0) return 0;
  let first = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const record of [0, batch.count - 1]) {
    for (const [from, to] of [
      [batch.keyStart[record] ?? -1, batch.keyEnd[record] ?? -1],
      [batch.valueStart[record] ?? -1, batch.valueEnd[record] ?? -1],
    ] as const) {
      if (from < 0) continue;
      first = Math.min(first, from);
      end = Math.max(end, to);
    }
  }
  return Math.max(0, end - first) + 64;
}
