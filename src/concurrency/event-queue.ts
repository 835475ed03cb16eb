/**
 * A queue of events from several sources, for one consumer that waits for the next event.
 *
 * It replaces `Promise.race` in loops: a pending promise keeps every race it took part in, and the
 * race's result, as long as it lives. This queue keeps no reference to an event that was taken.
 */
export class EventQueue<Event> {
  readonly #events: Event[] = [];
  #waiting: ((event: Event) => void) | null = null;

  /** Adds an event; a waiting consumer receives it. */
  push(event: Event): void {
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#events.push(event);
      return;
    }
    this.#waiting = null;
    waiting(event);
  }

  /**
   * Resolves with the oldest event, or the next one. @throws TypeError if another call still waits
   */
  next(): Promise<Event> {
    if (this.#waiting !== null) throw new TypeError('an event queue has one consumer');
    if (this.#events.length > 0) return Promise.resolve(this.#events.shift() as Event);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}
