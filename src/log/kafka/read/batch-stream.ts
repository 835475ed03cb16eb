import type { RecordBatch } from '../../record-batch.ts';

/** The reader behind a stream, once it is opened. */
export interface OpenedReader {
  /** Returns the next batch; undefined: the end. */
  next(): Promise<RecordBatch | undefined>;
  close(): Promise<void>;
}

/**
 * The stream of one `EventLog.read`. Opens its reader at the first `next`; closes it at the end,
 * after a failure and in `return`, which also ends a waiting `next`. Keeps no reference to a
 * delivered batch. States: *new* → `next` → *open* → *ended*.
 */
export class BatchStream implements AsyncIterator<RecordBatch, void> {
  readonly #open: (signal: AbortSignal) => Promise<OpenedReader>;
  readonly #leaving = new AbortController();
  #reader: OpenedReader | null = null;
  #hasEnded = false;
  /** Resolves when no `next` is running. */
  #underWay: Promise<unknown> = Promise.resolve();

  /** @param open gets a signal that aborts when the consumer leaves */
  constructor(open: (signal: AbortSignal) => Promise<OpenedReader>) {
    this.#open = open;
  }

  /** Returns the next batch. @throws what opening and reading throw */
  next(): Promise<IteratorResult<RecordBatch, void>> {
    const next = this.#underWay.then(() => this.#next());
    this.#underWay = next.then(
      () => undefined,
      () => undefined,
    );
    return next;
  }

  async return(): Promise<IteratorResult<RecordBatch, void>> {
    this.#leaving.abort();
    await this.#underWay;
    await this.#end();
    return { done: true, value: undefined };
  }

  async #next(): Promise<IteratorResult<RecordBatch, void>> {
    try {
      if (!this.#hasEnded) {
        this.#reader ??= await this.#open(this.#leaving.signal);
        const value = await this.#reader.next();
        if (value !== undefined) return { done: false, value };
      }
    } catch (error) {
      await this.#end();
      throw error;
    }
    await this.#end();
    return { done: true, value: undefined };
  }

  async #end(): Promise<void> {
    this.#hasEnded = true;
    const reader = this.#reader;
    this.#reader = null;
    await reader?.close();
  }
}
