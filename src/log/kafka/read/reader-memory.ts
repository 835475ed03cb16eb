/** Less than this is not worth keeping. */
const KEPT_BYTES_MIN = 64 * 1024;
/** Sizes are rounded up to this, so that fetches of about one size fit into each other's memory. */
const STEP_BYTES = 1024 * 1024;
/**
 * A response that is read, the next one that comes, and what is made of the first: its index, and
 * its records unpacked.
 */
const FREE_MAX = 4;

/**
 * Memory of one reader: what is given back is used again; what is not, the garbage collector finds.
 * New memory of a few MiB costs more time than decoding what is put there: the system has to find
 * and to clear every page of it.
 */
export class ReaderMemory {
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #free: ArrayBufferLike[] = [];

  /** Exactly so many bytes, not zeroed. */
  take(size: number): Buffer {
    if (size < KEPT_BYTES_MIN) return Buffer.allocUnsafe(size);
    const memory = this.#fitting(size) ?? Buffer.allocUnsafeSlow(roundedUp(size)).buffer;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, size);
  }

  /**
   * Takes back what lies under something that was taken: nobody reads it any more. Anything else is
   * left alone.
   */
  give({ buffer }: ArrayBufferView): void {
    if (!this.#lent.delete(buffer)) return;
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    if (this.#free.length > FREE_MAX) this.#free.shift();
  }

  /** The smallest that is large enough, taken out of what is free. */
  #fitting(size: number): ArrayBufferLike | undefined {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= size);
    return at < 0 ? undefined : this.#free.splice(at, 1)[0];
  }
}

function roundedUp(size: number): number {
  return Math.ceil(size / STEP_BYTES) * STEP_BYTES;
}
