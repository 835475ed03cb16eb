const sizeBytes = 4;

/**
 * Assembles the responses of one connection from socket data. Each byte is copied once, into memory
 * from `allocate`. (kafkajs would join all chunks into new memory, whose pages the system must map
 * first: more time than decoding takes.) States: *size* (its four bytes are incomplete) → *body* →
 * *size*.
 */
export class ResponseAssembly {
  readonly #allocate: (size: number) => Buffer;
  readonly #onResponse: (response: Buffer) => void;
  readonly #size = Buffer.alloc(sizeBytes);
  #body: Buffer | null = null;
  /** Number of bytes received of the size or the body. */
  #filled = 0;

  constructor(allocate: (size: number) => Buffer, onResponse: (response: Buffer) => void) {
    this.#allocate = allocate;
    this.#onResponse = onResponse;
  }

  /** True if no response has started. */
  get isEmpty(): boolean {
    return this.#body === null && this.#filled === 0;
  }

  /**
   * Adds received data; calls `onResponse` for each response that it completes, without its size.
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

  /** Drops an incomplete response. */
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
