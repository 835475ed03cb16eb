/**
 * Column types of a read-model table. `float8[]` is for hidden state only; a jsonb value is passed
 * as its JSON text.
 */
export type ColumnType =
  | 'text'
  | 'boolean'
  | 'int4'
  | 'int8'
  | 'float8'
  | 'float8[]'
  | 'numeric'
  | 'date'
  | 'timestamptz'
  | 'jsonb'
  | 'bytea';

/**
 * One column of a read-model table.
 * - `key`: part of the primary key;
 * - `measure`: visible in the stable view;
 * - `state`: state that an aggregate needs to continue (name starts with `_`); not in the view.
 */
export interface ColumnPlan {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly role: 'key' | 'measure' | 'state';
  /** numeric only: digits after the point (values are unscaled bigints); undefined: integers. */
  readonly scale?: number;
  /** numeric only: total digits; undefined: unlimited. */
  readonly precision?: number;
  /** Declared columns: the name in handlers and functions of the user. */
  readonly declared?: string;
  /** Meaning of the column: its comment in Postgres. */
  readonly comment: string;
}

/**
 * A table of one projection version. Its physical name is `${name}__v${version}`; a read model's
 * stable view is `name`. The first physical column is always `_partition int4` (the task that owns
 * the row); the primary key is the key columns in order, then `_partition`.
 */
export interface TablePlan {
  readonly name: string;
  readonly version: number;
  readonly comment: string;
  /** Without `_partition`, in table order: key, measures, state. */
  readonly columns: readonly ColumnPlan[];
  /** Additional indexes, as lists of column names. In a rebuild they are built last. */
  readonly indexes: readonly (readonly string[])[];
  /** The stable view of the table; null: hidden state without a view. */
  readonly view: ViewPlan | null;
}

/** How the stable view shows a table. */
export interface ViewPlan {
  /** Shows only rows in which this boolean state column is true; null: all rows. */
  readonly onlyWhere: string | null;
  /**
   * How the rows of one key in several partitions are merged: one merge for each visible column
   * that is not part of the key; null: they cannot be merged.
   */
  readonly merges: readonly ColumnMerge[] | null;
  /**
   * True if a key's events are in several partitions from the start, so that the view merges.
   * Adding partitions to a topic may make any view merge.
   */
  readonly isMerged: boolean;
}

/**
 * How one visible column is merged from the rows of several partitions: the aggregate's own merge
 * over these columns of the table. Integer sums and counts are `sum`; `…Exact` tells whether the
 * value beside it is exact.
 */
export interface ColumnMerge {
  readonly column: string;
  readonly merge:
    | 'sum'
    | 'min'
    | 'max'
    | 'sumDouble'
    | 'avgDouble'
    | 'avgInteger'
    | 'first'
    | 'last'
    | 'collect'
    | 'countDistinct'
    | 'countDistinctExact'
    | 'topK'
    | 'topKExact'
    | 'quantile'
    | 'variance'
    | 'stddev';
  readonly from: readonly string[];
  /** Further arguments of the merge: a quantile, limits, the kind of the field's values. */
  readonly parameters: readonly (number | string)[];
}
