import type { ColumnValues } from '../projection/plan/row-set.ts';
import type { ColumnPlan } from '../projection/plan/table-plan.ts';
import type { Bytes } from './field-writer.ts';
import { ARRAY_HEADER_BYTES, POSTGRES_EPOCH_DAYS, POSTGRES_EPOCH_MS } from './field-writer.ts';
import { readNumeric } from './write-numeric.ts';

const TWO_32 = 4_294_967_296;
/** High half from which an int64 may be beyond 2^53. */
const SAFE_HIGH = 2 ** 21;

/** Collects the values of one column from Postgres's binary format. Rows come in order, from 0. */
export interface ColumnReader {
  /** Reserves memory for that many rows. */
  reserve(rows: number): void;
  /** Reads a row's value at `at`; `length` is −1 for NULL. */
  read(bytes: Bytes, at: number, length: number): void;
  /** Returns the values. Nothing may be read afterwards. */
  finish(): ColumnValues;
}

/** Creates the reader of a column. */
export function createColumnReader(column: ColumnPlan): ColumnReader {
  switch (column.type) {
    case 'text':
      return new TextReader('text');
    case 'jsonb':
      return new TextReader('jsonb');
    case 'boolean':
      return new NumberReader(
        ({ view }, at) => view.getUint8(at),
        (values, present) => ({
          type: 'boolean',
          values: Uint8Array.from(values),
          present,
        }),
      );
    case 'int4':
      return new NumberReader(
        ({ view }, at) => view.getInt32(at),
        (values, present) => ({
          type: 'int4',
          values,
          present,
        }),
      );
    case 'date':
      return new NumberReader(
        ({ view }, at) => view.getInt32(at) + POSTGRES_EPOCH_DAYS,
        (values, present) => ({ type: 'date', values, present }),
      );
    case 'float8':
      return new NumberReader(
        ({ view }, at) => view.getFloat64(at),
        (values, present) => ({
          type: 'float8',
          values,
          present,
        }),
      );
    case 'timestamptz':
      return new NumberReader(readTimestamp, (values, present) => ({
        type: 'timestamptz',
        values,
        present,
      }));
    case 'int8':
      return new Int8Reader();
    case 'numeric':
      return listReader<bigint>(
        ({ view }, at) => readNumeric(view, at, column.scale ?? 0),
        (values) => ({ type: 'numeric', values }),
      );
    case 'bytea':
      return listReader<Buffer>(
        ({ buffer }, at, length) => Buffer.from(buffer.subarray(at, at + length)),
        (values) => ({ type: 'bytea', values }),
      );
    case 'float8[]':
      return listReader<readonly number[]>(readDoubles, (values) => ({ type: 'float8[]', values }));
  }
}

/** Tracks which rows hold a value; allocates at the first NULL. */
class PresentRows {
  #rows: Uint8Array | null = null;

  markNull(row: number, capacity: number): void {
    this.#rows ??= new Uint8Array(capacity).fill(1);
    if (this.#rows.length < capacity) {
      const wider = new Uint8Array(Math.max(capacity, 2 * this.#rows.length)).fill(1);
      wider.set(this.#rows);
      this.#rows = wider;
    }
    this.#rows[row] = 0;
  }

  finish(count: number): Uint8Array | null {
    if (this.#rows === null || this.#rows.length >= count) return this.#rows;
    const wider = new Uint8Array(count).fill(1);
    wider.set(this.#rows);
    return wider;
  }
}

type ReadNumber = (bytes: Bytes, at: number) => number;
type FinishNumbers = (values: Float64Array, present: Uint8Array | null) => ColumnValues;

class NumberReader implements ColumnReader {
  readonly #get: ReadNumber;
  readonly #finish: FinishNumbers;
  readonly #presentRows = new PresentRows();
  #values = new Float64Array(0);
  #count = 0;

  constructor(get: ReadNumber, finish: FinishNumbers) {
    this.#get = get;
    this.#finish = finish;
  }

  reserve(rows: number): void {
    this.#values = widened(this.#values, rows);
  }

  read(bytes: Bytes, at: number, length: number): void {
    if (length < 0) this.#presentRows.markNull(this.#count, this.#values.length);
    else this.#values[this.#count] = this.#get(bytes, at);
    this.#count += 1;
  }

  finish(): ColumnValues {
    return this.#finish(this.#values, this.#presentRows.finish(this.#count));
  }
}

/** Stores numbers while all are safe integers; from the first that is not, also BigInts. */
class Int8Reader implements ColumnReader {
  readonly #presentRows = new PresentRows();
  #values = new Float64Array(0);
  #exact: BigInt64Array | null = null;
  #count = 0;

  reserve(rows: number): void {
    this.#values = widened(this.#values, rows);
    if (this.#exact !== null && this.#exact.length < this.#values.length) {
      const wider = new BigInt64Array(this.#values.length);
      wider.set(this.#exact);
      this.#exact = wider;
    }
  }

  read({ view }: Bytes, at: number, length: number): void {
    const row = this.#count;
    this.#count += 1;
    if (length < 0) {
      this.#presentRows.markNull(row, this.#values.length);
      return;
    }
    // Rounding keeps the order of numbers, so a rounded value is never a safe integer.
    const value = view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
    if (this.#exact === null && !Number.isSafeInteger(value)) {
      this.#exact = BigInt64Array.from(this.#values, BigInt);
    }
    this.#values[row] = value;
    if (this.#exact !== null) this.#exact[row] = view.getBigInt64(at);
  }

  finish(): ColumnValues {
    const present = this.#presentRows.finish(this.#count);
    return { type: 'int8', values: this.#values, exact: this.#exact, present };
  }
}

class TextReader implements ColumnReader {
  readonly #type: 'text' | 'jsonb';
  /** Bytes before the text: jsonb has a version byte. */
  readonly #prefixBytes: number;
  readonly #values: string[] = [];
  readonly #presentRows = new PresentRows();

  constructor(type: 'text' | 'jsonb') {
    this.#type = type;
    this.#prefixBytes = type === 'jsonb' ? 1 : 0;
  }

  reserve(): void {}

  read({ buffer }: Bytes, at: number, length: number): void {
    if (length < 0) this.#presentRows.markNull(this.#values.length, this.#values.length + 1);
    this.#values.push(
      length < 0 ? '' : buffer.toString('utf8', at + this.#prefixBytes, at + length),
    );
  }

  finish(): ColumnValues {
    const values = this.#values;
    return { type: this.#type, values, present: this.#presentRows.finish(values.length) };
  }
}

function listReader<Value>(
  get: (bytes: Bytes, at: number, length: number) => Value,
  finish: (values: readonly (Value | null)[]) => ColumnValues,
): ColumnReader {
  const values: (Value | null)[] = [];
  return {
    reserve() {},
    read(bytes, at, length) {
      values.push(length < 0 ? null : get(bytes, at, length));
    },
    finish: () => finish(values),
  };
}

function widened(values: Float64Array<ArrayBuffer>, rows: number): Float64Array<ArrayBuffer> {
  if (values.length >= rows) return values;
  const wider = new Float64Array(Math.max(rows, values.length * 2));
  wider.set(values);
  return wider;
}

function readTimestamp({ view }: Bytes, at: number): number {
  const high = view.getInt32(at);
  const micros = high * TWO_32 + view.getUint32(at + 4);
  const ms =
    high < SAFE_HIGH && high >= -SAFE_HIGH
      ? Math.floor(micros / 1000)
      : Number(view.getBigInt64(at) / 1000n);
  return ms + POSTGRES_EPOCH_MS;
}

function readDoubles({ view }: Bytes, at: number): number[] {
  if (view.getInt32(at) === 0) return [];
  const doubles = new Array<number>(view.getInt32(at + 12));
  for (let i = 0; i < doubles.length; i += 1) {
    doubles[i] = view.getFloat64(at + ARRAY_HEADER_BYTES + 12 * i + 4);
  }
  return doubles;
}
