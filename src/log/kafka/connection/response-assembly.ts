const sizeBytes = 4;

/**
 * Puts the responses of one connection together from what the socket gives, each copied once into
 * memory that `allocate` gives (kafkajs would join all chunks into new memory, whose pages the
 * system has to find first: more time than decoding takes). States: *size* (its four bytes are
 * coming) → *body* → *size*.
 */
export class ResponseAssembly {
  readonly #allocate: (size: number) => Buffer;
  readonly #onResponse: (response: Buffer) => void;
  readonly #size = Buffer.alloc(sizeBytes);
  #body: Buffer | null = null;
  /** Bytes that are there of the size or of the body. */
  #filled = 0;

  constructor(allocate: (size: number) => Buffer, onResponse: (response: Buffer) => void) {
    this.#allocate = allocate;
    this.#onResponse = onResponse;
  }

  /** Whether no response has begun. */
  get isEmpty(): boolean {
    return this.#body === null && this.#filled === 0;
  }

  /**
   * Takes what came next; calls `onResponse` for each response that is complete with it, without
   * its size.
   */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const target = this.#body ?? this.#size;
      const copied = chunk.copy(target, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === target.length) this.#complete();
    }
  }

  /** Forgets a response that will not be completed. */
  reset(): void {
    this.#body = null;
    this.#filled = 0;
  }

  #complete(): void {
    const body = this.#body;
    this.reset();
    if (body !== null) return this.#onResponse(body);
    const size = this.#size.readInt32BE();
    if (size > 0) this.#body = this.#allocate(size);
  }
}
