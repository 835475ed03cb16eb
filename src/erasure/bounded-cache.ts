/**
 * A cache with a time to live and a maximum number of entries; it evicts the entry that was set
 * longest ago.
 */
export class BoundedCache<Value> {
  readonly #entriesMax: number;
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>();

  constructor(options: {
    readonly entriesMax: number;
    readonly ttlMs: number;
    readonly now: () => number;
  }) {
    this.#entriesMax = options.entriesMax;
    this.#ttlMs = options.ttlMs;
    this.#now = options.now;
  }

  get(name: string): Value | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.until > this.#now()) return entry?.value;
    this.#entries.delete(name);
    return undefined;
  }

  set(name: string, value: Value): void {
    this.#entries.delete(name);
    this.#entries.set(name, { value, until: this.#now() + this.#ttlMs });
    for (const [oldest, { until }] of this.#entries) {
      if (this.#entries.size <= this.#entriesMax && until > this.#now()) return;
      this.#entries.delete(oldest);
    }
  }

  delete(name: string): void {
    this.#entries.delete(name);
  }
}
