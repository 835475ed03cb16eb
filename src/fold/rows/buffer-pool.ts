/**
 * A pool for one object that a task of a rebuild leaves to the next one, which needs as much
 * memory: reused memory costs a tenth of new memory. Held weakly, so that it is freed when rebuilds
 * have ended.
 */
export class BufferPool<Pooled extends object> {
  #left: WeakRef<Pooled> | null = null;

  leave(pooled: Pooled): void {
    this.#left = new WeakRef(pooled);
  }

  /** Removes and returns the pooled object if it fits. */
  take(fits: (pooled: Pooled) => boolean): Pooled | null {
    const pooled = this.#left?.deref();
    if (pooled === undefined || !fits(pooled)) return null;
    this.#left = null;
    return pooled;
  }
}
