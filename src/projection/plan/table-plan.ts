/**
 * Column types a read-model table may have. `float8[]` is for hidden state only; a jsonb value
 * travels as its JSON text.
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
 * - `measure`: shown by the stable view;
 * - `state`: what an aggregate needs to go on folding (name begins with `_`); not in the view.
 */
export interface ColumnPlan {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly role: 'key' | 'measure' | 'state';
  /**
   * numeric only: digits after the point (values travel as unscaled bigints); undefined: integers.
   */
  readonly scale?: number;
  /** numeric only: digits in all; undefined: without limit. */
  readonly precision?: number;
  /** Of declared columns: the name that handlers and functions of the user know it by. */
  readonly declared?: string;
  /** For people in psql: what the column means. */
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
  /** Without `_partition`, in table order: keys, then measures, then state. */
  readonly columns: readonly ColumnPlan[];
  /** Extra indexes, as lists of column names; built last in a rebuild. */
  readonly indexes: readonly (readonly string[])[];
  /** The stable view in front; null: hidden state, nobody reads it. */
  readonly view: ViewPlan | null;
}

/** How the stable view shows a table. */
export interface ViewPlan {
  /** Shows only rows where this boolean state column is true; null: all. */
  readonly onlyWhere: string | null;
  /**
   * How the rows of one key in several partitions come to one, a merge for each column shown that
   * is no key; null: they cannot.
   */
  readonly merges: readonly ColumnMerge[] | null;
  /**
   * Whether a key's events lie in several partitions from the start, so that the view merges; a
   * topic that gains partitions may make any view merge.
   */
  readonly isMerged: boolean;
}

/**
 * How one shown column comes out of the rows of several partitions: the aggregate's own merge over
 * these columns of the table. Integer sums and counts are `sum`; `…Exact` says whether the value
 * beside is exact.
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
  /** What the merge needs besides: a quantile, limits, the kind of the field's values. */
  readonly parameters: readonly (number | string)[];
}
