/** Minimum size of memory that is worth reusing. */
const KEPT_BYTES_MIN = 64 * 1024;
/**
 * Sizes are rounded up to a multiple of this, so that fetches of similar size can reuse each
 * other's memory.
 */
const STEP_BYTES = 1024 * 1024;
/**
 * Maximum free blocks: the response being read, the next one, and the index and uncompressed
 * records of the first.
 */
const FREE_MAX = 4;

/**
 * Memory pool of one reader. Returned memory is reused; the rest is garbage collected. New memory
 * of a few MiB costs more time than decoding into it, because the system must map and clear every
 * page.
 */
export class ReaderMemory {
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #free: ArrayBufferLike[] = [];

  /** Returns exactly that many bytes, not zeroed. */
  take(size: number): Buffer {
    if (size < KEPT_BYTES_MIN) return Buffer.allocUnsafe(size);
    const memory = this.#fitting(size) ?? Buffer.allocUnsafeSlow(roundedUp(size)).buffer;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, size);
  }

  /**
   * Returns memory to the pool: nobody reads it any more. Ignores memory that is not from the pool.
   */
  give({ buffer }: ArrayBufferView): void {
    if (!this.#lent.delete(buffer)) return;
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    if (this.#free.length > FREE_MAX) this.#free.shift();
  }

  /** Removes and returns the smallest free block that is large enough. */
  #fitting(size: number): ArrayBufferLike | undefined {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= size);
    return at < 0 ? undefined : this.#free.splice(at, 1)[0];
  }
}

function roundedUp(size: number): number {
  return Math.ceil(size / STEP_BYTES) * STEP_BYTES;
}
