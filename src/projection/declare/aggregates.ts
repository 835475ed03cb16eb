import type { Decimal } from '../../event/decimal.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { DataFilter } from '../plan/filter-plan.ts';
import type { Column } from './columns.ts';

/** Options of a measure. Default: it takes all events of the row. */
export interface MeasureOptions<Event> {
  /** Takes only events that meet these conditions. */
  readonly where?: DataFilter<Event> | ((event: Event) => boolean);
  /** Takes only events of this kind, if the projection reads several. */
  readonly of?: EventDefinition<Event>;
}

/** Options as an aggregate stores them; checked when the projection is compiled. */
export interface KeptOptions {
  readonly where?: unknown;
  readonly of?: unknown;
}

/** A measure that counts events. */
export interface CountMeasure {
  readonly aggregate: 'count';
  readonly options?: KeptOptions;
}

/** An aggregate over one field of the event. */
export interface FieldMeasure<Aggregate extends string, Name extends string> {
  readonly aggregate: Aggregate;
  readonly field: Name;
  readonly options?: KeptOptions;
  /** Parameters of the aggregate: a quantile, a number of values. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/** A user's own aggregate. */
export interface UserMeasure<Event, Value> {
  readonly aggregate: 'user';
  readonly define: UserAggregate<Event, never, Value>;
  readonly options?: KeptOptions;
}

/**
 * Options of `aggregate`. All functions are pure. `merge` is commutative and associative, and
 * `add(s, e)` equals merging `s` with the state of `e` alone.
 */
export interface UserAggregate<Event, State, Value> {
  /** The state without any event; JSON. */
  readonly zero: State;
  readonly add: (state: State, event: Event) => State;
  readonly merge: (a: State, b: State) => State;
  readonly result: (state: State) => Value;
  /** The column of the result, such as `double()` or `json()`. */
  readonly column: Column<NonNullable<Value>, boolean>;
}

/** Names of the event's fields that can be summed: number, bigint and Decimal. */
export type NumericField<Event> = FieldOf<Event, number | bigint | Decimal>;
/** Names of the event's fields that have an order: number, bigint, Decimal and Date. */
export type OrderedField<Event> = FieldOf<Event, number | bigint | Decimal | Date>;
/**
 * Names of the event's fields that hold one plain value: ordered types, text, enums and booleans.
 */
export type PlainField<Event> = FieldOf<Event, number | bigint | Decimal | Date | string | boolean>;

/** Names of fields with such a value. For several kinds of events: the fields of any of them. */
type FieldOf<Event, Value> = Event extends unknown
  ? {
      [Name in keyof Event & string]: NonNullable<Event[Name]> extends Value ? Name : never;
    }[keyof Event & string]
  : never;

/** The value type of a field, from whichever events have it. */
type FieldValue<Event, Name extends string> = Event extends unknown
  ? Name extends keyof Event
    ? NonNullable<Event[Name]>
    : never
  : never;

/** A measure over events of this shape, as `.measure({ … })` takes it. */
export type Measure<Event> =
  | CountMeasure
  | FieldMeasure<'sum' | 'avg' | 'quantile' | 'variance' | 'stddev', NumericField<Event>>
  | FieldMeasure<'min' | 'max', OrderedField<Event>>
  | FieldMeasure<'first' | 'last' | 'countDistinct' | 'topK' | 'collect', PlainField<Event>>
  | UserMeasure<Event, unknown>;

/**
 * The TypeScript type of a measure's column. Null: no event of the row has a value of the field.
 */
export type MeasureValue<Event, Spec> = Spec extends CountMeasure
  ? bigint
  : Spec extends UserMeasure<never, infer Value>
    ? Value
    : Spec extends FieldMeasure<'avg' | 'quantile' | 'variance' | 'stddev', string>
      ? number | null
      : Spec extends FieldMeasure<'sum' | 'min' | 'max' | 'first' | 'last', infer Name>
        ? FieldValue<Event, Name> | null
        : Spec extends FieldMeasure<'countDistinct', string>
          ? bigint
          : Spec extends FieldMeasure<'topK', infer Name>
            ? readonly { readonly value: JsonOf<FieldValue<Event, Name>>; readonly count: number }[]
            : Spec extends FieldMeasure<'collect', infer Name>
              ? readonly JsonOf<FieldValue<Event, Name>>[]
              : never;

/** Measures that have a second column `<name>_exact`, which tells whether the first is exact. */
export type Approximate<Measures> = {
  [Name in keyof Measures]: Measures[Name] extends FieldMeasure<'countDistinct' | 'topK', string>
    ? Name
    : never;
}[keyof Measures];

/** The type of a value in JSON: longs, decimals and timestamps are text. */
type JsonOf<Value> = Value extends bigint | Decimal | Date ? string : Value;

/**
 * Number of events, including those with null fields. Column: int8.
 * @example
 * this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({
 *   events: count(),
 *   purchases: count({ where: { action: 'PURCHASE' } }),
 * })
 */
export function count<Event>(options?: MeasureOptions<Event>): CountMeasure {
  return withOptions({ aggregate: 'count' }, options);
}

/**
 * Sum of a field; nulls are ignored; NULL if there is no value. Doubles: the exact sum, rounded
 * once, whatever the order (column float8). Longs and decimals: exact and unbounded (column
 * numeric).
 * @example
 * this.from(OrderPlaced).key('visitorId').window(tumbling('1 day')).measure({
 *   revenue: sum('amount'),
 * })
 */
export function sum<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'sum', Name> {
  return withOptions({ aggregate: 'sum', field }, options);
}

/**
 * Mean of a field: its sum (as of `sum`) divided by the number of values, as float8; NULL if there
 * is no value.
 * @example
 * this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({
 *   average: avg('value'),
 * })
 */
export function avg<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'avg', Name> {
  return withOptions({ aggregate: 'avg', field }, options);
}

/**
 * Smallest value of a field, in the field's own type; NaN sorts last, as in Postgres.
 * @example
 * this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({
 *   lowest: min('value'),
 *   firstActionAt: min('occurredAt'),
 * })
 */
export function min<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'min', Name> {
  return withOptions({ aggregate: 'min', field }, options);
}

/**
 * Greatest value of a field, in the field's own type; NaN sorts last, as in Postgres.
 * @example
 * this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({
 *   highest: max('value'),
 *   lastActionAt: max('occurredAt'),
 * })
 */
export function max<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'max', Name> {
  return withOptions({ aggregate: 'max', field }, options);
}

/**
 * The field's value in the earliest event in which it is not null (by event time; ties: topic,
 * partition, offset).
 * @example
 * this.from(PageViewed).key('visitorId').session({ gap: '30 minutes' }).measure({
 *   entryPage: first('page'),
 * })
 */
export function first<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'first', Name> {
  return withOptions({ aggregate: 'first', field }, options);
}

/**
 * The field's value in the latest event in which it is not null (by event time; ties: topic,
 * partition, offset).
 * @example
 * this.from(PageViewed).key('visitorId').session({ gap: '30 minutes' }).measure({
 *   exitPage: last('page'),
 * })
 */
export function last<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'last', Name> {
  return withOptions({ aggregate: 'last', field }, options);
}

/**
 * Number of distinct values of a field (int8). Exact up to `exactUpTo` values (default 1,000).
 * Beyond that it is estimated by HyperLogLog with 4,096 registers (standard error 1.6 %; Flajolet
 * et al. 2007). The column `<name>_exact` tells which. The result depends only on the set of
 * values.
 * @example
 * this.from(UserActed).key('action').window(tumbling('1 day')).measure({
 *   users: countDistinct('userId', { exactUpTo: 10_000 }),
 * })
 */
export function countDistinct<const Name extends string, Event = never>(
  field: Name,
  options: MeasureOptions<Event> & { readonly exactUpTo?: number } = {},
): FieldMeasure<'countDistinct', Name> {
  const { exactUpTo = 1_000, ...rest } = options;
  return withOptions({ aggregate: 'countDistinct', field, parameters: { exactUpTo } }, rest);
}

/**
 * Quantile of a field: the value below which a share `q` (0 to 1) of its values lies, as float8,
 * within `relativeError` (default 0.01) of a true value. DDSketch (Masson et al. 2019) without
 * collapsing, so the result does not depend on the order of events. Zero is exact; ±Infinity are
 * kept; NaN sorts last.
 * @example
 * this.from(UserActed).key('action').window(tumbling('1 day')).measure({
 *   median: quantile('value', 0.5),
 *   p99: quantile('value', 0.99, { relativeError: 0.001 }),
 * })
 */
export function quantile<const Name extends string, Event = never>(
  field: Name,
  q: number,
  options: MeasureOptions<Event> & { readonly relativeError?: number } = {},
): FieldMeasure<'quantile', Name> {
  const { relativeError = 0.01, ...rest } = options;
  return withOptions({ aggregate: 'quantile', field, parameters: { q, relativeError } }, rest);
}

/**
 * The `k` most frequent values of a field with their counts, as jsonb; ties by value. Exact up to
 * `distinctUpTo` distinct values (default 1,000). Beyond that, it is the top of a sample of that
 * many values (those with the smallest hashes; their counts are exact), and `<name>_exact` is
 * false.
 * @example
 * this.from(PageViewed).key('visitorId').window(tumbling('1 day')).measure({
 *   favourites: topK('page', 3), // [{ value: '/shop', count: 12 }, …]
 * })
 */
export function topK<const Name extends string, Event = never>(
  field: Name,
  k: number,
  options: MeasureOptions<Event> & { readonly distinctUpTo?: number } = {},
): FieldMeasure<'topK', Name> {
  const { distinctUpTo = 1_000, ...rest } = options;
  return withOptions({ aggregate: 'topK', field, parameters: { k, distinctUpTo } }, rest);
}

/**
 * The first `n` values of a field by event time (ties: topic, partition, offset), as a jsonb list;
 * nulls are ignored.
 * @example
 * this.from(PageViewed).key('visitorId').session({ gap: '30 minutes' }).measure({
 *   path: collect('page', 20), // ['/', '/shop', …]
 * })
 */
export function collect<const Name extends string, Event = never>(
  field: Name,
  n: number,
  options?: MeasureOptions<Event>,
): FieldMeasure<'collect', Name> {
  return withOptions({ aggregate: 'collect', field, parameters: { n } }, options);
}

/**
 * Sample variance (divided by n − 1, as Postgres's `variance`), from exact sums, as float8; NULL if
 * there are fewer than two values.
 * @example
 * this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({
 *   spread: variance('value'),
 * })
 */
export function variance<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'variance', Name> {
  return withOptions({ aggregate: 'variance', field }, options);
}

/**
 * Sample standard deviation: the square root of `variance`.
 * @example
 * this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({
 *   deviation: stddev('value'),
 * })
 */
export function stddev<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'stddev', Name> {
  return withOptions({ aggregate: 'stddev', field }, options);
}

/**
 * A user-defined aggregate over whole events. `checkAggregate` of `reprise/testing` checks its
 * laws.
 * @example
 * const hasBought = aggregate<UserActed, boolean, boolean>({
 *   zero: false,
 *   add: (bought, event) => bought || event.action === 'PURCHASE',
 *   merge: (a, b) => a || b,
 *   result: (bought) => bought,
 *   column: boolean(),
 * });
 */
export function aggregate<Event, State, Value>(
  define: UserAggregate<Event, State, Value>,
  options?: MeasureOptions<Event>,
): UserMeasure<Event, Value> {
  const kept = define as unknown as UserAggregate<Event, never, Value>;
  return withOptions({ aggregate: 'user', define: kept }, options);
}

function withOptions<Spec extends object, Event>(
  spec: Spec,
  options: MeasureOptions<Event> | undefined,
): Spec {
  return options === undefined ? spec : { ...spec, options };
}

/** Named by public signatures. */
export type { FieldOf as FieldNamed, FieldValue, JsonOf as JsonOfField };
