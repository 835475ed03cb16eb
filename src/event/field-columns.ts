/**
 * The named fields of a record batch, decoded column by column: entry `i` belongs to record `i` of
 * the batch. Columns are what the fold reads: typed arrays in record order, no object and no string
 * per record (docs/decisions/0004). Arrays may be longer than `count`.
 */
export interface FieldColumns {
  readonly count: number;
  /** One column per requested field, in the order requested. */
  readonly columns: readonly FieldColumn[];
  /**
   * Records without a usable value: 1 where the record is a tombstone or failed to decode; null
   * when there is none.
   */
  readonly absent: Uint8Array | null;
  /** Records that could not be decoded, ascending. A tombstone is not a failure. */
  readonly failures: readonly RecordFailure[];
}

/**
 * Why one record of a batch has no values. `error` is a RepriseError (NOT_CONFLUENT, DECODE_FAILED,
 * …).
 */
export interface RecordFailure {
  readonly index: number;
  readonly error: Error;
}

/**
 * `present[i] === 0`: the field is null in record i; `present === null`: no nulls in this batch.
 */
export type FieldColumn = NumberColumn | LongColumn | TextColumn | DecimalColumn;

/**
 * int, float, double; timestamp-millis as milliseconds; date as days since the epoch; boolean as
 * 0/1.
 */
export interface NumberColumn {
  readonly kind: 'number';
  readonly values: Float64Array;
  readonly present: Uint8Array | null;
}

/**
 * long and timestamp-micros. `values` is exact while every value is a safe integer; then `exact` is
 * null, else it holds them all.
 */
export interface LongColumn {
  readonly kind: 'long';
  readonly values: Float64Array;
  readonly exact: BigInt64Array | null;
  readonly present: Uint8Array | null;
}

/**
 * string, uuid, enum (its symbol) and bytes: value i is `bytes[start[i], end[i])`, UTF-8 for text.
 */
export interface TextColumn {
  readonly kind: 'text';
  readonly bytes: Buffer;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly present: Uint8Array | null;
}

/** decimal: the unscaled values; the scale is the field type's. */
export interface DecimalColumn {
  readonly kind: 'decimal';
  readonly unscaled: readonly bigint[];
  readonly present: Uint8Array | null;
}
