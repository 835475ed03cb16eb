import type { ColumnValues, PackedColumn, TableColumn } from '../projection/plan/row-set.ts';
import type { ColumnPlan } from '../projection/plan/table-plan.ts';
import { numericBytesMax, writeNumeric } from './write-numeric.ts';

/** Postgres counts time from 2000-01-01. */
export const POSTGRES_EPOCH_MS = 946_684_800_000;
/** The Postgres epoch in days. */
export const POSTGRES_EPOCH_DAYS = 10_957;

const TWO_32 = 4_294_967_296;
/** Largest number of milliseconds whose microseconds are exact as a number. */
const SAFE_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);
/**
 * Maximum length for which a loop over the characters is faster than the call into Buffer.write.
 */
const SHORT_TEXT = 48;

/** Memory to write to: two views of the same bytes. */
export interface Bytes {
  readonly buffer: Buffer;
  readonly view: DataView;
}

/** Allocates new memory, not zeroed. */
export function allocateBytes(size: number): Bytes {
  const buffer = Buffer.allocUnsafeSlow(size);
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength) };
}

/**
 * Writes values of one column in Postgres's binary format: int32 length (−1: NULL), then the value.
 * COPY's fields and the elements of an array parameter have this format. Nothing is rounded or
 * printed, so every bit is kept.
 */
export interface FieldWriter {
  /** Upper bound of the bytes of any row; null: it depends on the row, see `bytesMaxAt`. */
  readonly bytesMax: number | null;
  /** Returns an upper bound of the bytes of a row. */
  bytesMaxAt(row: number): number;
  /** Writes the value of a row; the memory must be large enough. @returns the end of the value */
  write(bytes: Bytes, at: number, row: number): number;
}

/** First byte of jsonb's binary format. */
const JSONB_VERSION = '\u0001';

/** Creates the writer of a column's values. */
export function createFieldWriter(column: ColumnPlan, values: TableColumn): FieldWriter {
  if ('isNull' in values) return NULL_WRITER;
  if ('rows' in values) return packedWriter(values);
  switch (values.type) {
    case 'text':
      return nullable(values.present, (row) => 4 + 3 * (values.values[row] as string).length, {
        write: (bytes, at, row) => writeText(bytes, at, values.values[row] as string),
      });
    case 'jsonb':
      return nullable(values.present, (row) => 5 + 3 * (values.values[row] as string).length, {
        write: (bytes, at, row) =>
          writeText(bytes, at, JSONB_VERSION + (values.values[row] as string)),
      });
    case 'boolean':
      return fixed(values.present, 1, ({ view }, at, row) =>
        view.setUint8(at, values.values[row] === 0 ? 0 : 1),
      );
    case 'int4':
      return fixed(values.present, 4, ({ view }, at, row) =>
        view.setInt32(at, values.values[row] as number),
      );
    case 'date':
      return fixed(values.present, 4, ({ view }, at, row) =>
        view.setInt32(at, (values.values[row] as number) - POSTGRES_EPOCH_DAYS),
      );
    case 'float8':
      return fixed(values.present, 8, ({ view }, at, row) =>
        view.setFloat64(at, values.values[row] as number),
      );
    case 'int8':
      return int8Writer(values);
    case 'timestamptz':
      return fixed(values.present, 8, ({ view }, at, row) =>
        setTimestamp(view, at, values.values[row] as number),
      );
    case 'numeric':
      return numericWriter(values.values, column.scale ?? 0);
    case 'bytea':
      return byteaWriter(values.values);
    case 'float8[]':
      return doublesWriter(values.values);
  }
}

type Present = Uint8Array | null;

/** Creates a writer of values of `size` bytes each. */
function fixed(
  present: Present,
  size: number,
  set: (bytes: Bytes, at: number, row: number) => void,
): FieldWriter {
  const bytesMax = 4 + size;
  return {
    bytesMax,
    bytesMaxAt: () => bytesMax,
    write(bytes, at, row) {
      if (present !== null && present[row] === 0) return writeNull(bytes, at);
      bytes.view.setInt32(at, size);
      set(bytes, at + 4, row);
      return at + bytesMax;
    },
  };
}

/** Creates a writer that reads numbers from the fold's packed rows. */
function packedWriter({ type, rows, at: offset, absence }: PackedColumn): FieldWriter {
  const { numbers, stride } = rows;
  const set = setterOf(type, numbers);
  const bytesMax = 4 + 8;
  return {
    bytesMax,
    bytesMaxAt: () => bytesMax,
    write(bytes, at, row) {
      const base = row * stride;
      if (absence !== null && Object.is(numbers[base + absence.at], absence.is)) {
        return writeNull(bytes, at);
      }
      bytes.view.setInt32(at, 8);
      set(bytes.view, at + 4, base + offset);
      return at + bytesMax;
    },
  };
}

/**
 * Returns a function that writes the number at an index. With the number itself as argument, a
 * function that is not inlined would have to allocate it.
 */
function setterOf(
  type: PackedColumn['type'],
  numbers: Float64Array,
): (view: DataView, at: number, index: number) => void {
  switch (type) {
    case 'float8':
      return (view, at, index) => view.setFloat64(at, numbers[index] as number);
    case 'int8':
      return (view, at, index) => setSafeInteger(view, at, numbers[index] as number);
    case 'timestamptz':
      return (view, at, index) => setTimestamp(view, at, numbers[index] as number);
  }
}

const NULL_WRITER: FieldWriter = { bytesMax: 4, bytesMaxAt: () => 4, write: writeNull };

function nullable(
  present: Present,
  bytesMaxAt: (row: number) => number,
  { write }: Pick<FieldWriter, 'write'>,
): FieldWriter {
  if (present === null) return { bytesMax: null, bytesMaxAt, write };
  return {
    bytesMax: null,
    bytesMaxAt: (row) => (present[row] === 0 ? 4 : bytesMaxAt(row)),
    write: (bytes, at, row) => (present[row] === 0 ? writeNull(bytes, at) : write(bytes, at, row)),
  };
}

function int8Writer(values: Extract<ColumnValues, { type: 'int8' }>): FieldWriter {
  const { exact, present } = values;
  if (exact !== null) {
    return fixed(present, 8, ({ view }, at, row) => view.setBigInt64(at, exact[row] as bigint));
  }
  return fixed(present, 8, ({ view }, at, row) =>
    setSafeInteger(view, at, values.values[row] as number),
  );
}

function numericWriter(values: readonly (bigint | null)[], scale: number): FieldWriter {
  return {
    bytesMax: null,
    bytesMaxAt(row) {
      const unscaled = values[row] ?? null;
      return unscaled === null ? 4 : 4 + numericBytesMax(unscaled);
    },
    write(bytes, at, row) {
      const unscaled = values[row] ?? null;
      if (unscaled === null) return writeNull(bytes, at);
      const end = writeNumeric(bytes.view, at + 4, { unscaled, scale });
      bytes.view.setInt32(at, end - at - 4);
      return end;
    },
  };
}

function byteaWriter(values: readonly (Buffer | null)[]): FieldWriter {
  return {
    bytesMax: null,
    bytesMaxAt: (row) => 4 + (values[row]?.length ?? 0),
    write(bytes, at, row) {
      const value = values[row] ?? null;
      if (value === null) return writeNull(bytes, at);
      bytes.view.setInt32(at, value.length);
      bytes.buffer.set(value, at + 4);
      return at + 4 + value.length;
    },
  };
}

/** Bytes of a one-dimensional array before its elements. */
export const ARRAY_HEADER_BYTES = 20;
const FLOAT8_OID = 701;

function doublesWriter(values: readonly (readonly number[] | null)[]): FieldWriter {
  return {
    bytesMax: null,
    bytesMaxAt: (row) => 4 + ARRAY_HEADER_BYTES + 12 * (values[row]?.length ?? 0),
    write(bytes, at, row) {
      const doubles = values[row] ?? null;
      if (doubles === null) return writeNull(bytes, at);
      let end = writeArrayHeader(bytes.view, at + 4, {
        elementOid: FLOAT8_OID,
        count: doubles.length,
      });
      for (const double of doubles) {
        bytes.view.setInt32(end, 8);
        bytes.view.setFloat64(end + 4, double);
        end += 12;
      }
      bytes.view.setInt32(at, end - at - 4);
      return end;
    },
  };
}

/**
 * Writes dimensions (none for an empty array), "may hold nulls", element type, length, lower bound
 * (array_send in arrayfuncs.c). @returns the end of the header
 */
export function writeArrayHeader(
  view: DataView,
  at: number,
  { elementOid, count }: { readonly elementOid: number; readonly count: number },
): number {
  view.setInt32(at, count === 0 ? 0 : 1);
  view.setInt32(at + 4, 1);
  view.setUint32(at + 8, elementOid);
  if (count === 0) return at + 12;
  view.setInt32(at + 12, count);
  view.setInt32(at + 16, 1);
  return at + ARRAY_HEADER_BYTES;
}

function writeNull({ view }: Bytes, at: number): number {
  view.setInt32(at, -1);
  return at + 4;
}

function writeText({ buffer, view }: Bytes, at: number, text: string): number {
  const { length } = text;
  const from = at + 4;
  if (length <= SHORT_TEXT) {
    let i = 0;
    for (; i < length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 127) break;
      buffer[from + i] = code;
    }
    if (i === length) {
      view.setInt32(at, length);
      return from + length;
    }
  }
  const written = buffer.write(text, from);
  view.setInt32(at, written);
  return from + written;
}

/**
 * Writes an int64 of an integer below 2^53 as two halves, because each BigInt costs an allocation.
 */
function setSafeInteger(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  view.setInt32(at, high);
  view.setUint32(at + 4, value - high * TWO_32);
}

function setTimestamp(view: DataView, at: number, epochMs: number): void {
  const ms = epochMs - POSTGRES_EPOCH_MS;
  if (ms <= SAFE_MS && ms >= -SAFE_MS) setSafeInteger(view, at, ms * 1000);
  else view.setBigInt64(at, BigInt(ms) * 1000n);
}
