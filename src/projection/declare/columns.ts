import type { Decimal } from '../../event/decimal.ts';
import type { SnakeCase } from '../plan/snake-case.ts';
import type { ColumnType } from '../plan/table-plan.ts';

/**
 * A declared column: its Postgres type, and at compile time the TypeScript type of its values.
 * Immutable: each method gives another one.
 */
export interface Column<Value, Nullable extends boolean = false, Key extends boolean = false> {
  readonly type: ColumnType;
  /** decimal only: digits in all, and after the point. */
  readonly precision?: number;
  readonly scale?: number;
  readonly isNullable: Nullable;
  readonly isPrimaryKey: Key;
  /** What it means, for people in psql. */
  readonly meaning?: string;
  /**
   * The column may hold null; a part of the primary key may not, so this is refused after
   * `primaryKey()`.
   */
  nullable(this: Column<Value, Nullable, false>): Column<Value, true>;
  /** Part of the primary key, in the order of the columns. */
  primaryKey(): Column<Value, false, true>;
  /** Says what the column means: its comment in Postgres. Default: the declared name. */
  comment(meaning: string): Column<Value, Nullable, Key>;
  /** Compile time only; never set. */
  readonly __value?: Value;
}

/** Columns by name; camelCase names become snake_case columns. */
export type Columns = Readonly<Record<string, Column<unknown, boolean, boolean>>>;

type ValueOf<C> =
  C extends Column<infer Value, infer Nullable, boolean>
    ? Nullable extends true
      ? Value | null
      : Value
    : never;

/** A row as handlers see it: by the names declared. */
export type RowOfColumns<C extends Columns> = {
  readonly [Name in keyof C]: ValueOf<C[Name]>;
};

/**
 * A row as queries give it: by SQL column names. Decimals without fraction digits come as bigint.
 */
export type SqlRowOfColumns<C extends Columns> = {
  [Name in keyof C & string as SnakeCase<Name>]: ValueOf<C[Name]>;
};

/** Declares the columns of a table. Returns its argument, typed. */
export function columns<const C extends Columns>(declared: C): C {
  return declared;
}

/** Text of any length, without zero characters. */
export function text(): Column<string> {
  return column({ type: 'text' });
}

/** Whole number of 32 bits, as number. */
export function int(): Column<number> {
  return column({ type: 'int4' });
}

/** Whole number of 64 bits, as bigint. */
export function bigint(): Column<bigint> {
  return column({ type: 'int8' });
}

/** Double, as number. */
export function double(): Column<number> {
  return column({ type: 'float8' });
}

/**
 * Exact decimal number of at most `precision` digits, `scale` of them after the point: as Decimal,
 * or as bigint where `scale` is 0, in handlers and queries alike. Parameters that cannot be (a
 * scale larger than the precision) are refused when the projection is compiled.
 */
export function decimal<const Scale extends number>(
  precision: number,
  scale: Scale,
): Column<DecimalValue<Scale>> {
  return column({ type: 'numeric', precision, scale });
}

/** Whole numbers are bigints; where the scale is not known at compile time, either. */
type DecimalValue<Scale extends number> = number extends Scale
  ? Decimal | bigint
  : Scale extends 0
    ? bigint
    : Decimal;

/** True or false. */
export function boolean(): Column<boolean> {
  return column({ type: 'boolean' });
}

/** Instant in milliseconds (timestamptz), as Date. */
export function timestamp(): Column<Date> {
  return column({ type: 'timestamptz' });
}

/** Day without time zone, as 'YYYY-MM-DD'. */
export function date(): Column<string> {
  return column({ type: 'date' });
}

/**
 * Any JSON value (jsonb). Numbers in it are doubles; longs and decimals belong into columns of
 * their own.
 */
export function json<Value = unknown>(): Column<Value> {
  return column({ type: 'jsonb' });
}

interface Shape {
  readonly type: ColumnType;
  readonly precision?: number;
  readonly scale?: number;
  readonly isNullable?: boolean;
  readonly isPrimaryKey?: boolean;
  readonly meaning?: string;
}

function column<Value, Nullable extends boolean, Key extends boolean>(
  shape: Shape,
): Column<Value, Nullable, Key> {
  const { isNullable = false, isPrimaryKey = false } = shape;
  return {
    ...shape,
    isNullable: isNullable as Nullable,
    isPrimaryKey: isPrimaryKey as Key,
    nullable: () => column({ ...shape, isNullable: true }),
    primaryKey: () => column({ ...shape, isNullable: false, isPrimaryKey: true }),
    comment: (meaning) => column({ ...shape, meaning }),
  };
}

/** Named by public signatures. */
export type { DecimalValue, ValueOf as ColumnValue };
