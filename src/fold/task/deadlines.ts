/**
 * Items with deadlines, such as windows by their end. A binary heap of instants, each with its
 * items.
 */
export class Deadlines<Due> {
  readonly #due = new Map<number, Due[]>();
  #heap: number[] = [];
  /** Number of waiting items. */
  size = 0;

  /** The earliest deadline; infinity if nothing waits. */
  get nextMs(): number {
    return this.#heap[0] ?? Number.POSITIVE_INFINITY;
  }

  add(atMs: number, one: Due): void {
    this.size += 1;
    const due = this.#due.get(atMs);
    if (due !== undefined) {
      due.push(one);
      return;
    }
    this.#due.set(atMs, [one]);
    this.#push(atMs);
  }

  /** Removes and returns the items of the earliest deadline. */
  takeNext(): readonly Due[] {
    const atMs = this.#pop();
    const due = this.#due.get(atMs) ?? [];
    this.#due.delete(atMs);
    this.size -= due.length;
    return due;
  }

  clear(): void {
    this.#due.clear();
    this.#heap = [];
    this.size = 0;
  }

  #push(value: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as number) <= value) break;
      heap[at] = heap[parent] as number;
      at = parent;
    }
    heap[at] = value;
  }

  #pop(): number {
    const heap = this.#heap;
    const top = heap[0] as number;
    const value = heap.pop() as number;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number))
        child += 1;
      if ((heap[child] as number) >= value) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = value;
    return top;
  }
}
