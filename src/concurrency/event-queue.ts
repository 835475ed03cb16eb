/**
 * A queue of events from several sources, for one consumer that waits for the next of them.
 *
 * It takes the place of `Promise.race` in loops: a promise that stays pending keeps every race it
 * took part in, and with it the race's result, for as long as it lives. An event that was taken
 * from this queue is held by nobody.
 */
export class EventQueue<Event> {
  readonly #events: Event[] = [];
  #waiting: ((event: Event) => void) | null = null;

  /** Adds an event; the consumer that waits receives it. */
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
   * Resolves with the oldest event, or the next one. @throws TypeError when another call still
   * waits
   */
  next(): Promise<Event> {
    if (this.#waiting !== null) throw new TypeError('an event queue has one consumer');
    if (this.#events.length > 0) return Promise.resolve(this.#events.shift() as Event);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}
