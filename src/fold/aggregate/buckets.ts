/**
 * Counts by integer, ascending. For a few dozen different integers: a searched and shifted array
 * then needs less time and memory than a hash table.
 */
export class Buckets {
  /** Each bucket followed by its count, buckets ascending: bucket, count, bucket, count … */
  readonly #entries: number[] = [];

  /** Creates buckets from pairs in ascending order. */
  static of(pairs: readonly (readonly [number, number])[]): Buckets {
    const buckets = new Buckets();
    for (const [bucket, count] of pairs) buckets.#entries.push(bucket, count);
    return buckets;
  }

  add(bucket: number, count: number): void {
    const entries = this.#entries;
    let low = 0;
    let high = entries.length >> 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[2 * middle] as number) < bucket) low = middle + 1;
      else high = middle;
    }
    const at = 2 * low;
    if (at === entries.length) entries.push(bucket, count);
    else if (entries[at] === bucket) entries[at + 1] = (entries[at + 1] as number) + count;
    else entries.splice(at, 0, bucket, count);
  }

  addAll(other: Buckets): void {
    const { length } = other.#entries;
    for (let i = 0; i < length; i += 2) {
      this.add(other.#entries[i] as number, other.#entries[i + 1] as number);
    }
  }

  /** Returns bucket and count, ascending. */
  pairs(): [number, number][] {
    const pairs: [number, number][] = [];
    for (let i = 0; i < this.#entries.length; i += 2) {
      pairs.push([this.#entries[i] as number, this.#entries[i + 1] as number]);
    }
    return pairs;
  }
}
