/** Items of which the first was asked for before anybody wants it. */
export interface EarlyItems<Item> extends AsyncIterator<Item, void> {
  /** Resolves when the first item is there, or never will be. */
  readonly begun: Promise<unknown>;
}

/**
 * Asks for the first item at once; for the others as they are wanted. Whoever takes the first is
 * told why there is none.
 */
export function askEarly<Item>(source: AsyncIterable<Item, void>): EarlyItems<Item> {
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
