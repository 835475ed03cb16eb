import type { Decimal } from '../../event/decimal.ts';
import type { SnakeCase } from '../plan/snake-case.ts';
import type { ColumnType } from '../plan/table-plan.ts';

/**
 * A declared column: its Postgres type and, at compile time, the TypeScript type of its values.
 * Immutable: each method returns a new column.
 */
export interface Column<Value, Nullable extends boolean = false, Key extends boolean = false> {
  readonly type: ColumnType;
  /** decimal only: total digits, and digits after the point. */
  readonly precision?: number;
  readonly scale?: number;
  readonly isNullable: Nullable;
  readonly isPrimaryKey: Key;
  /** The meaning of the column: its comment in Postgres. */
  readonly meaning?: string;
  /**
   * Allows null. Not allowed after `primaryKey()`: a part of the primary key cannot be null.
   * @example
   * columns({ accountId: text().primaryKey(), closedAt: timestamp().nullable() })
   */
  nullable(this: Column<Value, Nullable, false>): Column<Value, true>;
  /**
   * Makes the column part of the primary key, in the order of the columns.
   * @example
   * columns({ customerId: text().primaryKey(), accountId: text().primaryKey() })
   */
  primaryKey(): Column<Value, false, true>;
  /**
   * Sets the meaning of the column: its comment in Postgres. Default: the declared name.
   * @example
   * columns({ accountId: text().primaryKey(), balance: decimal(18, 2).comment('in euros') })
   */
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

/** A row as handlers see it: by declared names. */
export type RowOfColumns<C extends Columns> = {
  readonly [Name in keyof C]: ValueOf<C[Name]>;
};

/**
 * A row as queries return it: by SQL column names. Decimals without fraction digits are bigints.
 */
export type SqlRowOfColumns<C extends Columns> = {
  [Name in keyof C & string as SnakeCase<Name>]: ValueOf<C[Name]>;
};

/**
 * Declares the columns of a table. Returns its argument, typed.
 * @example
 * const accounts = columns({
 *   accountId: text().primaryKey(),
 *   balance: decimal(18, 2),
 *   closedAt: timestamp().nullable(),
 * });
 */
export function columns<const C extends Columns>(declared: C): C {
  return declared;
}

/**
 * Text of any length, without zero characters.
 * @example
 * columns({ customerId: text().primaryKey(), name: text() })
 */
export function text(): Column<string> {
  return column({ type: 'text' });
}

/**
 * Integer of 32 bits, as number.
 * @example
 * columns({ accountId: text().primaryKey(), transfers: int() })
 */
export function int(): Column<number> {
  return column({ type: 'int4' });
}

/**
 * Integer of 64 bits, as bigint.
 * @example
 * columns({ accountId: text().primaryKey(), cents: bigint() })
 */
export function bigint(): Column<bigint> {
  return column({ type: 'int8' });
}

/**
 * Double-precision number, as number.
 * @example
 * columns({ sensorId: text().primaryKey(), temperature: double() })
 */
export function double(): Column<number> {
  return column({ type: 'float8' });
}

/**
 * Exact decimal number of at most `precision` digits, `scale` of them after the point. Its values
 * are Decimals, or bigints if `scale` is 0, in handlers and in queries. Invalid parameters (a scale
 * larger than the precision) are refused when the projection is compiled.
 * @example
 * columns({ accountId: text().primaryKey(), balance: decimal(18, 2) })
 */
export function decimal<const Scale extends number>(
  precision: number,
  scale: Scale,
): Column<DecimalValue<Scale>> {
  return column({ type: 'numeric', precision, scale });
}

/** bigint if the scale is 0; either type if the scale is unknown at compile time. */
type DecimalValue<Scale extends number> = number extends Scale
  ? Decimal | bigint
  : Scale extends 0
    ? bigint
    : Decimal;

/**
 * Boolean.
 * @example
 * columns({ accountId: text().primaryKey(), isClosed: boolean() })
 */
export function boolean(): Column<boolean> {
  return column({ type: 'boolean' });
}

/**
 * Timestamp in milliseconds (timestamptz), as Date.
 * @example
 * columns({ accountId: text().primaryKey(), openedAt: timestamp() })
 */
export function timestamp(): Column<Date> {
  return column({ type: 'timestamptz' });
}

/**
 * Date without time zone, as 'YYYY-MM-DD'.
 * @example
 * columns({ customerId: text().primaryKey(), birthday: date().nullable() })
 */
export function date(): Column<string> {
  return column({ type: 'date' });
}

/**
 * Any JSON value (jsonb). Its numbers are doubles; store longs and decimals in columns of their
 * own.
 * @example
 * columns({ customerId: text().primaryKey(), tags: json<readonly string[]>() })
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
