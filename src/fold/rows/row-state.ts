import { BufferPool } from './buffer-pool.ts';
import type { RowsToWrite } from './packed-column.ts';

/**
 * Index of the window's start in a stride. The row's own numbers come first, then the
 * accumulators'.
 */
export const WINDOW_START = 0;
/** Index of the window's end. */
export const WINDOW_END = 1;
/** Index of the offset of the last late event; NaN: none. */
export const REVISED_AT = 2;
/** Number of the row's own numbers in a stride. */
export const HEADER_NUMBERS = 3;

const EMPTY = -1;

/**
 * The rows of one task in memory: maps (key id, window) to a slot, by open addressing. Each slot
 * has one stride of doubles with all of the row's numbers: cache misses are the cost of a fold, not
 * arithmetic (measurements in docs/explanation/how-the-fold-works.md). The row that a key met last
 * is tried first: most events of a key are in the previous event's window, and that row is still in
 * the processor's cache.
 */
export class RowState {
  readonly stride: number;
  /** Slots in use are 0 … count-1. */
  count = 0;
  /**
   * `numbers[slot * stride + i]`. Replaced when it grows or is cleared: do not keep it across
   * `slotOf`.
   */
  numbers: Float64Array;
  keyIds: Int32Array;
  #changed: Uint8Array;
  #changedSlots: Int32Array;
  changedCount = 0;
  #table: Int32Array;
  #mask: number;
  /** By key id, the slot of its last row. */
  #recent = new Int32Array(CAPACITY_MIN).fill(EMPTY);

  constructor(stride: number) {
    const { numbers, keyIds, changed, changedSlots, table } = newArrays(stride, CAPACITY_MIN);
    this.stride = stride;
    this.numbers = numbers;
    this.keyIds = keyIds;
    this.#changed = changed;
    this.#changedSlots = changedSlots;
    this.#table = table;
    this.#mask = table.length - 1;
  }

  /** Returns the slot of a row, or -1. */
  find(keyId: number, windowStart: number, windowEnd: number): number {
    const { stride, numbers, keyIds } = this;
    const table = this.#table;
    const mask = this.#mask;
    let at = hashOf(keyId, windowStart) & mask;
    for (let slot = table[at] as number; slot !== EMPTY; slot = table[at] as number) {
      const base = slot * stride;
      if (
        keyIds[slot] === keyId &&
        numbers[base + WINDOW_START] === windowStart &&
        numbers[base + WINDOW_END] === windowEnd
      ) {
        return slot;
      }
      at = (at + 1) & mask;
    }
    return EMPTY;
  }

  /** Returns the slot of a row; creates it if it has none. */
  slotOf(keyId: number, windowStart: number, windowEnd: number): number {
    const { numbers } = this;
    const slot = keyId < this.#recent.length ? (this.#recent[keyId] as number) : EMPTY;
    if (slot !== EMPTY) {
      const base = slot * this.stride;
      if (numbers[base + WINDOW_START] === windowStart && numbers[base + WINDOW_END] === windowEnd)
        return slot;
    }
    return this.#slotElsewhere(keyId, windowStart, windowEnd);
  }

  #slotElsewhere(keyId: number, windowStart: number, windowEnd: number): number {
    const found = this.find(keyId, windowStart, windowEnd);
    const slot = found !== EMPTY ? found : this.#take(keyId, windowStart, windowEnd);
    if (keyId >= this.#recent.length) {
      const larger = new Int32Array(Math.max(keyId + 1, 2 * this.#recent.length)).fill(EMPTY);
      larger.set(this.#recent);
      this.#recent = larger;
    }
    this.#recent[keyId] = slot;
    return slot;
  }

  /** Marks a row as changed since the last `takeChanged`. @returns true if it was not marked yet */
  touch(slot: number): boolean {
    if (this.#changed[slot] === 1) return false;
    this.#changed[slot] = 1;
    this.#changedSlots[this.changedCount] = slot;
    this.changedCount += 1;
    return true;
  }

  /** Returns the changed slots; none is marked afterwards. */
  takeChanged(): Int32Array {
    const slots = this.#changedSlots.slice(0, this.changedCount);
    for (const slot of slots) this.#changed[slot] = 0;
    this.changedCount = 0;
    return slots;
  }

  /**
   * Copies the numbers of some rows, packed in that order: into `memory`, which must be large
   * enough, or into new memory.
   */
  copyOf(slots: Int32Array, memory?: Float64Array): RowsToWrite {
    const { numbers, stride } = this;
    const count = slots.length;
    const packed = memory ?? new Float64Array(count * stride);
    for (let i = 0, to = 0; i < count; i += 1) {
      let from = (slots[i] as number) * stride;
      for (const end = to + stride; to < end; to += 1, from += 1) {
        packed[to] = numbers[from] as number;
      }
    }
    return { numbers: packed, stride, count, slots };
  }

  /**
   * Removes every row, in time proportional to the number of rows. Memory that was mostly full goes
   * back to the buffer pool.
   */
  clear(): void {
    this.#forgetRecent();
    for (let i = 0; i < this.changedCount; i += 1) {
      this.#changed[this.#changedSlots[i] as number] = 0;
    }
    const isFull = this.count * 16 > this.#table.length;
    if (isFull) this.#table.fill(EMPTY);
    else for (let slot = 0; slot < this.count; slot += 1) this.#erase(slot);
    this.count = 0;
    this.changedCount = 0;
    if (isFull && this.keyIds.length > CAPACITY_MIN) {
      pool.leave(this.#arrays());
      this.#use(newArrays(this.stride, CAPACITY_MIN));
    }
  }

  /**
   * Keeps the rows for which `keep` is true and closes the gaps. No row may be marked as changed.
   * @param onMove called for every row kept, in ascending order, with its old and new slot
   */
  compact(keep: (slot: number) => boolean, onMove: (from: number, to: number) => void): void {
    let to = 0;
    const { stride, numbers, keyIds } = this;
    this.#forgetRecent();
    this.#table.fill(EMPTY);
    for (let from = 0; from < this.count; from += 1) {
      if (!keep(from)) continue;
      if (from !== to) {
        numbers.copyWithin(to * stride, from * stride, (from + 1) * stride);
        keyIds[to] = keyIds[from] as number;
      }
      onMove(from, to);
      this.#insert(to);
      to += 1;
    }
    this.count = to;
  }

  #forgetRecent(): void {
    for (let slot = 0; slot < this.count; slot += 1) {
      this.#recent[this.keyIds[slot] as number] = EMPTY;
    }
  }

  #take(keyId: number, windowStart: number, windowEnd: number): number {
    if (this.count === this.keyIds.length) this.#grow();
    const slot = this.count;
    this.count += 1;
    const base = slot * this.stride;
    this.keyIds[slot] = keyId;
    this.numbers.fill(0, base, base + this.stride);
    this.numbers[base + WINDOW_START] = windowStart;
    this.numbers[base + WINDOW_END] = windowEnd;
    this.numbers[base + REVISED_AT] = Number.NaN;
    this.#insert(slot);
    return slot;
  }

  /**
   * Erases a slot of the index. Call it for all slots: otherwise others behind it are no longer
   * found.
   */
  #erase(slot: number): void {
    const windowStart = this.numbers[slot * this.stride + WINDOW_START] as number;
    let at = hashOf(this.keyIds[slot] as number, windowStart) & this.#mask;
    while (this.#table[at] !== slot) at = (at + 1) & this.#mask;
    this.#table[at] = EMPTY;
  }

  #insert(slot: number): void {
    const windowStart = this.numbers[slot * this.stride + WINDOW_START] as number;
    let at = hashOf(this.keyIds[slot] as number, windowStart) & this.#mask;
    while (this.#table[at] !== EMPTY) at = (at + 1) & this.#mask;
    this.#table[at] = slot;
  }

  #grow(): void {
    const { stride, count } = this;
    const fits = (each: Arrays) => each.stride === stride && each.keyIds.length > count;
    const larger = pool.take(fits) ?? newArrays(stride, 2 * count);
    larger.numbers.set(this.numbers);
    larger.keyIds.set(this.keyIds);
    larger.changed.set(this.#changed);
    larger.changedSlots.set(this.#changedSlots);
    this.#use(larger);
    for (let slot = 0; slot < count; slot += 1) this.#insert(slot);
  }

  #arrays(): Arrays {
    const { stride, numbers, keyIds } = this;
    const [changed, changedSlots, table] = [this.#changed, this.#changedSlots, this.#table];
    return { stride, numbers, keyIds, changed, changedSlots, table };
  }

  #use({ numbers, keyIds, changed, changedSlots, table }: Arrays): void {
    this.numbers = numbers;
    this.keyIds = keyIds;
    this.#changed = changed;
    this.#changedSlots = changedSlots;
    this.#table = table;
    this.#mask = table.length - 1;
  }
}

const CAPACITY_MIN = 1024;

/** The arrays that hold rows. Pooled arrays are not changed, and their table is empty. */
interface Arrays {
  readonly stride: number;
  readonly numbers: Float64Array;
  readonly keyIds: Int32Array;
  readonly changed: Uint8Array;
  readonly changedSlots: Int32Array;
  readonly table: Int32Array;
}

/** Pool of arrays of cleared rows. */
const pool = new BufferPool<Arrays>();

function newArrays(stride: number, capacity: number): Arrays {
  return {
    stride,
    numbers: new Float64Array(capacity * stride),
    keyIds: new Int32Array(capacity),
    changed: new Uint8Array(capacity),
    changedSlots: new Int32Array(capacity),
    table: new Int32Array(capacity * 4).fill(EMPTY),
  };
}

/**
 * Hashes key and window. Windows of one key differ in few high digits, so both halves of the start
 * are mixed in.
 */
function hashOf(keyId: number, windowStart: number): number {
  const low = windowStart | 0;
  const high = (windowStart / 4_294_967_296) | 0;
  let hash =
    Math.imul(keyId, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
