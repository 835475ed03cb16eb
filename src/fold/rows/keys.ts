import type { FieldColumn } from '../../event/field-columns.ts';
import type { KeyPlan } from '../../projection/plan/plan.ts';
import type { ColumnValues } from '../../projection/plan/row-set.ts';
import { KeyDictionary } from './key-dictionary.ts';
import { EARLIEST_DAY, KEY_TEXT_BYTES_MAX } from './postgres-limits.ts';

/** The id of a key with a null part. */
export const NULL_KEY = -1;
/**
 * The id of a key that Postgres cannot hold: text that is not UTF-8, contains a zero character or
 * is too long for an index, or a day before its calendar.
 */
export const BAD_KEY = -2;

/** Maximum number of unused keys to keep. */
export const UNUSED_KEYS_MAX = 100_000;

/** A part of a key, as passed to Postgres. */
type Part = string | number | bigint;

/**
 * The keys of a task's rows: maps records to small integers and back to column values. A key of one
 * text field is looked up by its bytes in the batch; other keys are first packed into a scratch
 * buffer.
 */
export class Keys {
  readonly #plans: readonly KeyPlan[];
  #dictionary = new KeyDictionary();
  /** The values of each part, by key id. */
  #parts: Part[][];
  /**
   * Ids of keys with invalid text: two of them may decode to the same text, so they must not become
   * rows.
   */
  readonly #bad = new Set<number>();
  #scratch: Buffer = Buffer.allocUnsafe(256);

  constructor(plans: readonly KeyPlan[]) {
    this.#plans = plans;
    this.#parts = plans.map(() => []);
  }

  get count(): number {
    return this.#dictionary.count;
  }

  /** Releases the buffer of the last batch. */
  release(): void {
    this.#dictionary.release();
  }

  clear(): void {
    this.#dictionary.clear();
    this.#bad.clear();
    for (const part of this.#parts) part.length = 0;
  }

  /**
   * Forgets all keys, and returns the function that stores a forgotten key again and returns its
   * new id, so that a fold can renumber the keys in use. Null: not worth it, because at most
   * `UNUSED_KEYS_MAX` more than twice the keys in use are stored.
   */
  renumber(inUse: number): ((id: number) => number) | null {
    if (this.count <= 2 * inUse + UNUSED_KEYS_MAX) return null;
    const before = this.#parts;
    this.#dictionary = new KeyDictionary();
    this.#parts = this.#plans.map(() => []);
    this.#bad.clear();
    return (id) => this.idOf(before.map((parts) => parts[id] as Part));
  }

  /**
   * Writes the key ids of records 0 … count-1 into `ids`; NULL_KEY if a part is null, BAD_KEY if
   * one cannot be stored. Ignores records with `skip[i] === 1`.
   */
  intern(columns: readonly FieldColumn[], count: number, skip: Uint8Array, ids: Int32Array): void {
    const [only] = columns;
    if (columns.length === 1 && only?.kind === 'text') {
      const { bytes, start, end, present } = only;
      for (let i = 0; i < count; i += 1) {
        if (skip[i] === 1) continue;
        ids[i] =
          present !== null && present[i] === 0
            ? NULL_KEY
            : this.idOfText(bytes, start[i] as number, end[i] as number);
      }
      return;
    }
    for (let i = 0; i < count; i += 1) {
      if (skip[i] === 1) continue;
      const parts = columns.map((column) => partOf(column, i));
      if (parts.includes(null)) ids[i] = NULL_KEY;
      else if (this.#isStorable(parts as Part[])) ids[i] = this.idOf(parts as Part[]);
      else ids[i] = BAD_KEY;
    }
  }

  /** Returns the id of a key given by its parts, in the order of the plan. */
  idOf(parts: readonly Part[]): number {
    const [only] = parts;
    const packed =
      parts.length === 1 && typeof only === 'string' ? Buffer.from(only) : this.#pack(parts);
    const known = this.#dictionary.count;
    const id = this.#dictionary.idOf(packed, 0, packed.length);
    if (id === known) for (const [p, part] of parts.entries()) this.#parts[p]?.push(part);
    return id;
  }

  /** Returns the parts of a key. */
  partsOf(id: number): Part[] {
    return this.#parts.map((parts) => parts[id] as Part);
  }

  /** Returns the columns of the given keys, in the order of the plan. */
  *columns(ids: Int32Array): Iterable<[string, ColumnValues]> {
    for (const [p, plan] of this.#plans.entries()) {
      const parts = this.#parts[p] as Part[];
      yield [plan.column, columnOf(plan, ids, parts)];
    }
  }

  /**
   * Returns the rank of each key among all keys, by key id: part by part, text by its characters'
   * codes.
   */
  ranks(): Int32Array {
    const parts = this.#parts;
    const ids = Array.from({ length: this.count }, (_, id) => id).sort((a, b) => {
      for (const values of parts) {
        const left = values[a] as Part;
        const right = values[b] as Part;
        if (left !== right) return left < right ? -1 : 1;
      }
      return 0;
    });
    const ranks = new Int32Array(ids.length);
    for (const [rank, id] of ids.entries()) ranks[id] = rank;
    return ranks;
  }

  /**
   * Returns the id of a key of one text field, given by its bytes; BAD_KEY if Postgres cannot hold
   * it.
   */
  idOfText(bytes: Buffer, start: number, end: number): number {
    if (end - start > KEY_TEXT_BYTES_MAX) return BAD_KEY;
    const known = this.#dictionary.count;
    const id = this.#dictionary.idOf(bytes, start, end);
    if (id === known) {
      const text = bytes.toString('utf8', start, end);
      this.#parts[0]?.push(text);
      if (!isStorableText(text)) this.#bad.add(id);
    }
    return this.#bad.size > 0 && this.#bad.has(id) ? BAD_KEY : id;
  }

  #isStorable(parts: readonly Part[]): boolean {
    let textBytes = 0;
    for (const [p, part] of parts.entries()) {
      if (typeof part === 'string') {
        textBytes += Buffer.byteLength(part);
        if (!isStorableText(part)) return false;
      } else if (this.#plans[p]?.type.kind === 'date' && part < EARLIEST_DAY) return false;
    }
    return textBytes <= KEY_TEXT_BYTES_MAX;
  }

  /** Packs parts as text, preceded by their lengths: different keys never pack alike. */
  #pack(parts: readonly Part[]): Buffer {
    const text = parts.map((part) => `${String(part).length}:${part}`).join('');
    const needed = Buffer.byteLength(text);
    if (needed > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(needed * 2);
    return this.#scratch.subarray(0, this.#scratch.write(text));
  }
}

/**
 * True if a text can be stored. Bytes that are not UTF-8 were decoded as U+FFFD; a key that really
 * contains that character is refused too, to be safe.
 */
function isStorableText(text: string): boolean {
  return !(text.includes('\0') || text.includes('\ufffd'));
}

function partOf(column: FieldColumn, i: number): Part | null {
  if (column.present !== null && column.present[i] === 0) return null;
  switch (column.kind) {
    case 'text':
      return column.bytes.toString('utf8', column.start[i], column.end[i]);
    case 'number':
      return column.values[i] as number;
    case 'long':
      return column.exact?.[i] ?? BigInt(column.values[i] as number);
    case 'decimal':
      throw new TypeError('a decimal cannot be a key');
  }
}

function columnOf(plan: KeyPlan, ids: Int32Array, parts: readonly Part[]): ColumnValues {
  const present = null;
  switch (plan.type.kind) {
    case 'int':
    case 'date': {
      const values = Float64Array.from(ids, (id) => parts[id] as number);
      return { type: plan.type.kind === 'int' ? 'int4' : 'date', values, present };
    }
    case 'boolean':
      return {
        type: 'boolean',
        values: Uint8Array.from(ids, (id) => parts[id] as number),
        present,
      };
    case 'long': {
      const exact = BigInt64Array.from(ids, (id) => parts[id] as bigint);
      return { type: 'int8', values: Float64Array.from(exact, Number), exact, present };
    }
    default: {
      const values = new Array<string>(ids.length);
      for (let i = 0; i < ids.length; i += 1) values[i] = parts[ids[i] as number] as string;
      return { type: 'text', values, present };
    }
  }
}

/** Returns the parts of row `i`'s key from its columns. */
export function keyPartsAt(
  plans: readonly KeyPlan[],
  columns: ReadonlyMap<string, ColumnValues>,
  i: number,
): Part[] {
  return plans.map(({ column, type }) => {
    const values = columns.get(column);
    if (values?.type === 'text') return values.values[i] as string;
    if (values?.type === 'int8' && type.kind === 'long') {
      return values.exact?.[i] ?? BigInt(values.values[i] as number);
    }
    if (values === undefined || !('present' in values))
      throw new TypeError(`no key column ${column}`);
    return values.values[i] as number;
  });
}
