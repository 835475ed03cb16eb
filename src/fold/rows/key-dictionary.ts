const EMPTY = -1;

/**
 * Maps every distinct key to a small integer, by its bytes, with open addressing: on the hot path
 * no key becomes a string.
 */
export class KeyDictionary {
  count = 0;
  #bytes: Buffer = Buffer.allocUnsafe(1 << 16);
  #view = viewOf(this.#bytes);
  #used = 0;
  #starts = new Int32Array(1024);
  #ends = new Int32Array(1024);
  #hashes = new Int32Array(1024);
  #table = new Int32Array(4096).fill(EMPTY);
  #mask = 4095;
  /** The buffer of the last look-up: a batch's keys are in one buffer. */
  #source = this.#bytes;
  #sourceView = this.#view;

  /**
   * Returns the id of `source[start, end)`; a new one (equal to the old `count`) if it is unknown.
   */
  idOf(source: Buffer, start: number, end: number): number {
    if (source !== this.#source) {
      this.#source = source;
      this.#sourceView = viewOf(source);
    }
    const view = this.#sourceView;
    const hash = hashOf(view, start, end);
    let at = hash & this.#mask;
    for (let id = this.#table[at] as number; id !== EMPTY; id = this.#table[at] as number) {
      if (this.#hashes[id] === hash && this.#equals(id, view, start, end)) return id;
      at = (at + 1) & this.#mask;
    }
    return this.#add(hash, at, source.subarray(start, end));
  }

  /** Returns the bytes of a key; valid until the next `idOf`. */
  bytesOf(id: number): Buffer {
    return this.#bytes.subarray(this.#starts[id], this.#ends[id]);
  }

  /** Releases the buffer of the last batch: it may be part of a response of many megabytes. */
  release(): void {
    this.#source = this.#bytes;
    this.#sourceView = this.#view;
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
    this.#table.fill(EMPTY);
  }

  #equals(id: number, source: DataView, start: number, end: number): boolean {
    let j = this.#starts[id] as number;
    if ((this.#ends[id] as number) - j !== end - start) return false;
    const view = this.#view;
    let i = start;
    for (; i + 4 <= end; i += 4, j += 4) if (source.getInt32(i) !== view.getInt32(j)) return false;
    for (; i < end; i += 1, j += 1) if (source.getUint8(i) !== view.getUint8(j)) return false;
    return true;
  }

  #add(hash: number, at: number, key: Buffer): number {
    if (this.#used + key.length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#used + key.length));
      this.#bytes.copy(grown, 0, 0, this.#used);
      this.#bytes = grown;
      this.#view = viewOf(grown);
    }
    if (this.count === this.#starts.length) {
      this.#grow();
      at = hash & this.#mask;
      while (this.#table[at] !== EMPTY) at = (at + 1) & this.#mask;
    }
    const id = this.count;
    this.count += 1;
    key.copy(this.#bytes, this.#used);
    this.#starts[id] = this.#used;
    this.#used += key.length;
    this.#ends[id] = this.#used;
    this.#hashes[id] = hash;
    this.#table[at] = id;
    return id;
  }

  #grow(): void {
    const capacity = this.#starts.length * 2;
    this.#starts = grown(this.#starts, capacity);
    this.#ends = grown(this.#ends, capacity);
    this.#hashes = grown(this.#hashes, capacity);
    this.#table = new Int32Array(capacity * 4).fill(EMPTY);
    this.#mask = capacity * 4 - 1;
    for (let id = 0; id < this.count; id += 1) {
      let at = (this.#hashes[id] as number) & this.#mask;
      while (this.#table[at] !== EMPTY) at = (at + 1) & this.#mask;
      this.#table[at] = id;
    }
  }
}

/** Hashes four bytes a step: each multiplication depends on the previous one. */
function hashOf(source: DataView, start: number, end: number): number {
  let hash = 0x811c9dc5;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    hash = Math.imul(hash ^ source.getInt32(i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < end; i += 1) hash = Math.imul(hash ^ source.getUint8(i), 0x01000193);
  return hash ^ (hash >>> 13);
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function grown(array: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(array);
  return larger;
}
