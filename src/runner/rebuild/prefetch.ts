/** An iterator whose first item is requested before it is asked for. */
export interface Prefetched<Item> extends AsyncIterator<Item, void> {
  /** Resolves when the first item has arrived, or will not. */
  readonly begun: Promise<unknown>;
}

/** Prefetches the first item. A failure is thrown by the first `next()`. */
export function prefetch<Item>(source: AsyncIterable<Item, void>): Prefetched<Item> {
  const items = source[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Item, void>> | null = items.next();
  return {
    begun: first.catch(() => undefined),
    next() {
      const asked = first ?? items.next();
      first = null;
      return asked;
    },
    return: async () => (await items.return?.()) ?? { done: true, value: undefined },
  };
}
