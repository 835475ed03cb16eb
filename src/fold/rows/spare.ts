/**
 * A pool for one object that a task of a rebuild leaves to the next one, which needs as much
 * memory: reused memory costs a tenth of new memory. Held weakly, so that it is freed when rebuilds
 * have ended.
 */
export class Spare<Thing extends object> {
  #left: WeakRef<Thing> | null = null;

  leave(thing: Thing): void {
    this.#left = new WeakRef(thing);
  }

  /** Removes and returns the pooled object if it fits. */
  take(fits: (thing: Thing) => boolean): Thing | null {
    const thing = this.#left?.deref();
    if (thing === undefined || !fits(thing)) return null;
    this.#left = null;
    return thing;
  }
}
