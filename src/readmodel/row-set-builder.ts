import type { RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import type { ColumnReader } from './column-reader.ts';
import { createColumnReader } from './column-reader.ts';
import type { Bytes } from './field-writer.ts';
import { quoted } from './table-name.ts';

/** Bytes before a record's fields: their number. */
const RECORD_HEADER_BYTES = 4;
/** Bytes before each field: type and length. */
const FIELD_HEADER_BYTES = 8;

/**
 * Returns SQL for one row as a single text: the record `alias` in Postgres's binary format, in hex.
 * Exact whatever the session's settings (extra_float_digits, TimeZone, DateStyle, bytea_output),
 * and only one field to parse per row; node-postgres cannot receive binary results itself.
 */
export function packedRow(alias: string): string {
  return `encode(record_send(${alias}), 'hex') as packed`;
}

/**
 * Returns the plan's columns, in order, from which the record of `packedRow` is built. `table`:
 * qualifies them, if there are several tables.
 */
export function planColumns(plan: TablePlan, table?: string): string {
  const names = plan.columns.map(({ name }) => quoted(name));
  return names.map((name) => (table === undefined ? name : `${table}.${name}`)).join(', ');
}

/** A row as selected by `packedRow`. */
export interface PackedRow {
  readonly packed: string;
}

/** Builds a RowSet from packed rows. */
export class RowSetBuilder {
  readonly #readers: readonly ColumnReader[];
  #count = 0;

  constructor(plan: TablePlan) {
    this.#readers = plan.columns.map(createColumnReader);
  }

  /** Adds rows, in order. */
  add(rows: readonly PackedRow[]): void {
    for (const reader of this.#readers) reader.reserve(this.#count + rows.length);
    for (const { packed } of rows) {
      const buffer = Buffer.from(packed, 'hex');
      const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      this.#addRow({ buffer, view });
    }
    this.#count += rows.length;
  }

  /** Returns the row set. Nothing may be added afterwards. */
  finish(): RowSet {
    return { count: this.#count, columns: this.#readers.map((reader) => reader.finish()) };
  }

  #addRow(bytes: Bytes): void {
    let at = RECORD_HEADER_BYTES;
    for (const reader of this.#readers) {
      const length = bytes.view.getInt32(at + 4);
      at += FIELD_HEADER_BYTES;
      reader.read(bytes, at, length);
      if (length > 0) at += length;
    }
  }
}
