import type { RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import type { ColumnReader } from './column-reader.ts';
import { createColumnReader } from './column-reader.ts';
import type { Bytes } from './field-writer.ts';
import { quoted } from './table-name.ts';

/** Number of fields before a record's fields. */
const RECORD_HEADER_BYTES = 4;
/** Type and length before each of them. */
const FIELD_HEADER_BYTES = 8;

/**
 * SQL for one row, as a single text: the record `alias` in Postgres's binary format, in hex. Exact
 * whatever the session's settings (extra_float_digits, TimeZone, DateStyle, bytea_output), and one
 * field to parse per row; node-postgres cannot receive binary results itself.
 */
export function packedRow(alias: string): string {
  return `encode(record_send(${alias}), 'hex') as packed`;
}

/**
 * The plan's columns, in order: what the record of `packedRow` must be made of. `table`: of that
 * one of several.
 */
export function planColumns(plan: TablePlan, table?: string): string {
  const names = plan.columns.map(({ name }) => quoted(name));
  return names.map((name) => (table === undefined ? name : `${table}.${name}`)).join(', ');
}

/** A row as `packedRow` selects it. */
export interface PackedRow {
  readonly packed: string;
}

/** Makes a RowSet of packed rows. */
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

  /** The rows so far. Nothing may be added afterwards. */
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
