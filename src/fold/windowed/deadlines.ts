/** Slots by the instant at which something is due: windows by their end. A binary heap of instants, each with its slots. */
export class Deadlines {
  readonly #slots = new Map<number, number[]>();
  #heap: number[] = [];
  /** Slots waiting. */
  size = 0;

  /** The earliest instant; infinity when nothing waits. */
  get nextMs(): number {
    return this.#heap[0] ?? Number.POSITIVE_INFINITY;
  }

  add(atMs: number, slot: number): void {
    this.size += 1;
    const slots = this.#slots.get(atMs);
    if (slots !== undefined) {
      slots.push(slot);
      return;
    }
    this.#slots.set(atMs, [slot]);
    this.#push(atMs);
  }

  /** Takes the slots of the earliest instant. */
  takeNext(): readonly number[] {
    const atMs = this.#pop();
    const slots = this.#slots.get(atMs) ?? [];
    this.#slots.delete(atMs);
    this.size -= slots.length;
    return slots;
  }

  clear(): void {
    this.#slots.clear();
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
