/**
 * What one task of a rebuild leaves for the next, which needs as much: memory that the process has
 * already costs a tenth of new memory. Held weakly, so that a process which rebuilds nothing more
 * does not keep it.
 */
export class Spare<Thing extends object> {
  #left: WeakRef<Thing> | null = null;

  leave(thing: Thing): void {
    this.#left = new WeakRef(thing);
  }

  /** What was left, if it fits; it is the taker's then. */
  take(fits: (thing: Thing) => boolean): Thing | null {
    const thing = this.#left?.deref();
    if (thing === undefined || !fits(thing)) return null;
    this.#left = null;
    return thing;
  }
}
