import type { Knex } from 'knex';
import type { Decimal } from '../event/decimal.ts';

/**
 * A query of a read model's stable view, typed by its row. It is awaited as a promise is: each time
 * it asks the database. Columns go by their SQL names; `Selected` are those of `select`.
 * @example
 * const rows = await app.readModels
 *   .query(UserMetrics)
 *   .where('user_id', 'u1')
 *   .where('window_start', '>=', new Date('2026-01-01T00:00:00Z'))
 *   .orderBy('window_start', 'desc')
 *   .limit(10);
 */
export interface ReadQuery<Row, Selected extends keyof Row = never>
  extends Asked<SelectedRow<Row, Selected>[]> {
  /**
   * Rows whose column equals a value; null: where it is null. All conditions must hold.
   * @example
   * const busy = await app.readModels
   *   .query(UserMetrics)
   *   .where({ user_id: 'u1' })
   *   .where('events', '>', 100);
   */
  where<Name extends ColumnsOf<Row>['comparable']>(
    column: Name,
    value: Compared<Row[Name]>,
  ): ReadQuery<Row, Selected>;
  where<Name extends ColumnsOf<Row>['comparable']>(
    column: Name,
    operator: ComparisonOperator,
    value: NonNullable<Compared<Row[Name]>>,
  ): ReadQuery<Row, Selected>;
  where(
    values: {
      readonly [Name in ColumnsOf<Row>['comparable']]?: Compared<Row[Name]>;
    },
  ): ReadQuery<Row, Selected>;
  /**
   * Rows whose column equals one of the values.
   * @example
   * const rows = await app.readModels.query(UserMetrics).whereIn('user_id', ['u1', 'u2']);
   */
  whereIn<Name extends ColumnsOf<Row>['comparable']>(
    column: Name,
    values: readonly NonNullable<Compared<Row[Name]>>[],
  ): ReadQuery<Row, Selected>;
  /**
   * Rows whose column is null.
   * @example
   * const onTime = await app.readModels.query(UserMetrics).whereNull('revised_at_offset');
   */
  whereNull(column: ColumnsOf<Row>['all']): ReadQuery<Row, Selected>;
  /**
   * Rows whose column is not null.
   * @example
   * const revised = await app.readModels.query(UserMetrics).whereNotNull('revised_at_offset');
   */
  whereNotNull(column: ColumnsOf<Row>['all']): ReadQuery<Row, Selected>;
  /**
   * Default `'asc'`. Several calls: the later order rows that are equal by the earlier.
   * @example
   * const rows = await app.readModels
   *   .query(UserMetrics)
   *   .orderBy('average', 'desc', 'last')
   *   .orderBy('user_id');
   */
  orderBy(
    column: ColumnsOf<Row>['comparable'],
    direction?: 'asc' | 'desc',
    nulls?: 'first' | 'last',
  ): ReadQuery<Row, Selected>;
  /**
   * Only these columns. Several calls add up. Default: all.
   * @example
   * const rows = await app.readModels.query(UserMetrics).select('user_id', 'events');
   */
  select<Name extends ColumnsOf<Row>['all']>(
    ...columns: readonly [Name, ...Name[]]
  ): ReadQuery<Row, Selected | Name>;
  /**
   * At most this number of rows.
   * @example
   * const rows = await app.readModels
   *   .query(UserMetrics)
   *   .orderBy('window_start', 'desc')
   *   .limit(10);
   */
  limit(count: number): ReadQuery<Row, Selected>;
  /**
   * Skips this number of rows.
   * @example
   * const thirdPage = await app.readModels
   *   .query(UserMetrics)
   *   .orderBy('window_start')
   *   .limit(10)
   *   .offset(20);
   */
  offset(count: number): ReadQuery<Row, Selected>;
  /**
   * The first row; undefined: there is none.
   * @example
   * const newest = await app.readModels
   *   .query(UserMetrics)
   *   .orderBy('window_start', 'desc')
   *   .first();
   */
  first(): Asked<SelectedRow<Row, Selected> | undefined>;
  /**
   * Everything else that knex can do (joins, aggregates, SQL of one's own), unchecked. `Changed` is
   * the type of the rows that come of it.
   * @example
   * const [total] = await app.readModels
   *   .query(UserMetrics)
   *   .modify<{ events: bigint }>((builder) => builder.sum('events as events'));
   */
  modify<Changed = SelectedRow<Row, Selected>>(
    change: (builder: Knex.QueryBuilder) => unknown,
  ): Asked<Changed[]>;
}

/** Asks the database when it is awaited. */
export type Asked<Result> = Pick<Promise<Result>, 'then' | 'catch' | 'finally'>;

/** What a query gives for each row. */
export type SelectedRow<Row, Selected extends keyof Row> = [Selected] extends [never]
  ? Row
  : Pick<Row, Selected>;

/** How `where` compares. `like` and `ilike` are for text; `%` stands for any characters. */
export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'like' | 'ilike';

/**
 * Names of columns: members of an interface, because the compiler shows those by what they hold,
 * and an alias by its name.
 */
export interface ColumnsOf<Row> {
  readonly all: keyof Row & string;
  /** Those whose values SQL compares and orders: all but JSON. */
  readonly comparable: {
    [Name in keyof Row & string]: unknown extends Row[Name]
      ? Name
      : NonNullable<Row[Name]> extends ScalarValue
        ? Name
        : never;
  }[keyof Row & string];
}

/** Values of columns that are no JSON. */
export type ScalarValue = string | number | bigint | boolean | Date | Decimal | Uint8Array;

/** What a value of a column is compared with: a number will do for a bigint. */
export type Compared<Value> = Value extends bigint ? bigint | number : Value;
