/**
 * Rows that the fold hands to Postgres, column by column, in the order of a table plan's columns.
 * All rows belong to one task, so `_partition` is not among them. Keys are unique within a set.
 */
export interface RowSet {
  readonly count: number;
  readonly columns: readonly ColumnValues[];
}

/**
 * Rows that are written to a table; numbers may still be packed as the fold stores them. Every
 * `RowSet` is a `TableRows`.
 */
export interface TableRows {
  readonly count: number;
  readonly columns: readonly TableColumn[];
}

/** A column of rows that are written to a table. */
export type TableColumn = ColumnValues | PackedColumn | NullColumn;

/** All numbers of a row side by side: row i starts at `numbers[i * stride]`. */
export interface PackedRows {
  readonly numbers: Float64Array;
  readonly stride: number;
  readonly count: number;
}

/** A column of numbers in packed rows, at index `at` of each row. Of type int8: safe integers. */
export interface PackedColumn {
  readonly type: 'int8' | 'float8' | 'timestamptz';
  readonly rows: PackedRows;
  readonly at: number;
  /** Which rows are NULL; null: no row is. */
  readonly absence: Absence | null;
}

/** Marks packed rows without a value: those whose number at `at` equals `is`. */
export interface Absence {
  readonly at: number;
  readonly is: number;
}

/** A column that is NULL in every row. */
export interface NullColumn {
  readonly type: 'float8[]';
  readonly isNull: true;
}

/**
 * Values of one column; `present[i] === 0` means NULL, `present === null` means that there are no
 * NULLs. Arrays may be longer than the set's count.
 */
export type ColumnValues =
  | {
      readonly type: 'text' | 'jsonb';
      readonly values: readonly string[];
      readonly present: Uint8Array | null;
    }
  | { readonly type: 'boolean'; readonly values: Uint8Array; readonly present: Uint8Array | null }
  | { readonly type: 'int4'; readonly values: Float64Array; readonly present: Uint8Array | null }
  /** Safe integers in `values`; if any value is not one, all values in `exact`. */
  | {
      readonly type: 'int8';
      readonly values: Float64Array;
      readonly exact: BigInt64Array | null;
      readonly present: Uint8Array | null;
    }
  | { readonly type: 'float8'; readonly values: Float64Array; readonly present: Uint8Array | null }
  | { readonly type: 'float8[]'; readonly values: readonly (readonly number[] | null)[] }
  /** Unscaled integers; the scale is the column plan's (0 when undefined). */
  | { readonly type: 'numeric'; readonly values: readonly (bigint | null)[] }
  /** Days since the epoch. */
  | { readonly type: 'date'; readonly values: Float64Array; readonly present: Uint8Array | null }
  /** Milliseconds since the epoch. */
  | {
      readonly type: 'timestamptz';
      readonly values: Float64Array;
      readonly present: Uint8Array | null;
    }
  | { readonly type: 'bytea'; readonly values: readonly (Buffer | null)[] };
