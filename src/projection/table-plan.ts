/** Column types a read-model table may have. `float8[]` is for hidden state only. */
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
  | 'bytea';

/**
 * One column of a read-model table.
 * - `key`: part of the primary key, after `_partition`;
 * - `measure`: shown by the stable view;
 * - `state`: what an aggregate needs to go on folding (name begins with `_`); not in the view.
 */
export interface ColumnPlan {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly role: 'key' | 'measure' | 'state';
  /** numeric only: digits after the point (values travel as unscaled bigints); undefined: integers. */
  readonly scale?: number;
  /** For people in psql: what the column means. */
  readonly comment: string;
}

/**
 * The table of one projection version. Its physical name is `${name}__v${version}`, its stable view is `name`. The first physical column is
 * always `_partition int4` (the task that owns the row); the primary key is (`_partition`, key columns in order).
 */
export interface TablePlan {
  readonly name: string;
  readonly version: number;
  readonly comment: string;
  /** Without `_partition`, in table order: keys, then measures, then state. */
  readonly columns: readonly ColumnPlan[];
  /** Extra indexes, as lists of column names; built last in a rebuild. */
  readonly indexes: readonly (readonly string[])[];
}
