/**
 * The requested fields of a record batch, decoded column by column: entry `i` belongs to record `i`
 * of the batch. The fold reads these columns: typed arrays in record order, no object and no string
 * per record (docs/decisions/0004). Arrays may be longer than `count`.
 */
export interface FieldColumns {
  readonly count: number;
  /** One column per requested field, in the order requested. */
  readonly columns: readonly FieldColumn[];
  /**
   * 1 for each record without a usable value (a tombstone or a record that failed to decode). Null:
   *   every record has one.
   */
  readonly absent: Uint8Array | null;
  /** Records that could not be decoded, in ascending order. A tombstone is not a failure. */
  readonly failures: readonly RecordFailure[];
}

/**
 * Why one record of a batch could not be decoded. `error` is a RepriseError (NOT_CONFLUENT,
 * DECODE_FAILED, …).
 */
export interface RecordFailure {
  readonly index: number;
  readonly error: Error;
}

/**
 * One decoded column. `present[i] === 0`: the field is null in record i; `present === null`: no
 * nulls in this batch.
 */
export type FieldColumn = NumberColumn | LongColumn | TextColumn | DecimalColumn;

/**
 * Column of int, float and double; timestamp-millis as milliseconds; date as days since the epoch;
 * boolean as 0/1.
 */
export interface NumberColumn {
  readonly kind: 'number';
  readonly values: Float64Array;
  readonly present: Uint8Array | null;
}

/**
 * Column of long and timestamp-micros. While every value is a safe integer, `values` is exact and
 * `exact` is null; otherwise `exact` holds all values.
 */
export interface LongColumn {
  readonly kind: 'long';
  readonly values: Float64Array;
  readonly exact: BigInt64Array | null;
  readonly present: Uint8Array | null;
}

/**
 * Column of string, uuid, enum (its symbol) and bytes: value i is `bytes[start[i], end[i])`, UTF-8
 * for text.
 */
export interface TextColumn {
  readonly kind: 'text';
  readonly bytes: Buffer;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly present: Uint8Array | null;
}

/** Column of decimal: the unscaled values. The scale is the field type's. */
export interface DecimalColumn {
  readonly kind: 'decimal';
  readonly unscaled: readonly bigint[];
  readonly present: Uint8Array | null;
}
