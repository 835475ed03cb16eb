import type { Decimal } from '../../event/decimal.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { DataFilter } from '../plan/filter-plan.ts';
import type { Column } from './columns.ts';

/** Which events of the row a measure takes. Default: all. */
export interface MeasureOptions<Event> {
  /** Only events that meet these conditions. */
  readonly where?: DataFilter<Event> | ((event: Event) => boolean);
  /** Only events of this kind, of the several that the projection reads. */
  readonly of?: EventDefinition<Event>;
}

/** Options as an aggregate keeps them; checked when the projection is compiled. */
export interface KeptOptions {
  readonly where?: unknown;
  readonly of?: unknown;
}

/** How many events. */
export interface CountMeasure {
  readonly aggregate: 'count';
  readonly options?: KeptOptions;
}

/** An aggregate over one field of the event. */
export interface FieldMeasure<Aggregate extends string, Name extends string> {
  readonly aggregate: Aggregate;
  readonly field: Name;
  readonly options?: KeptOptions;
  /** Parameters of the aggregate itself: a quantile, a number of values. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/** A user's own aggregate. */
export interface UserMeasure<Event, Value> {
  readonly aggregate: 'user';
  readonly define: UserAggregate<Event, never, Value>;
  readonly options?: KeptOptions;
}

/**
 * What `aggregate` takes. All functions are pure; `merge` is commutative and associative, and
 * `add(s, e)` the same as merging `s` with what one event gives.
 */
export interface UserAggregate<Event, State, Value> {
  /** The state of no events; JSON. */
  readonly zero: State;
  readonly add: (state: State, event: Event) => State;
  readonly merge: (a: State, b: State) => State;
  readonly result: (state: State) => Value;
  /** The column of the result, as `double()` or `json()`. */
  readonly column: Column<NonNullable<Value>, boolean>;
}

/** Names of the event's fields that can be added up: number, bigint and Decimal. */
export type NumericField<Event> = FieldOf<Event, number | bigint | Decimal>;
/** Names of the event's fields that have an order besides: Date too. */
export type OrderedField<Event> = FieldOf<Event, number | bigint | Decimal | Date>;
/** Names of the event's fields that hold one plain value: text, enums and booleans too. */
export type PlainField<Event> = FieldOf<Event, number | bigint | Decimal | Date | string | boolean>;

/** Of several kinds of events: the fields of any of them. */
type FieldOf<Event, Value> = Event extends unknown
  ? {
      [Name in keyof Event & string]: NonNullable<Event[Name]> extends Value ? Name : never;
    }[keyof Event & string]
  : never;

/** The value of a field, in whichever of the events has it. */
type FieldValue<Event, Name extends string> = Event extends unknown
  ? Name extends keyof Event
    ? NonNullable<Event[Name]>
    : never
  : never;

/** What `.measure({ … })` takes for events of this shape. */
export type Measure<Event> =
  | CountMeasure
  | FieldMeasure<'sum' | 'avg' | 'quantile' | 'variance' | 'stddev', NumericField<Event>>
  | FieldMeasure<'min' | 'max', OrderedField<Event>>
  | FieldMeasure<'first' | 'last' | 'countDistinct' | 'topK' | 'collect', PlainField<Event>>
  | UserMeasure<Event, unknown>;

/** The TypeScript type of a measure's column. Null: the row holds no value of the field. */
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

/** Measures that have a second column `<name>_exact`: whether the first is exact. */
export type Approximate<Measures> = {
  [Name in keyof Measures]: Measures[Name] extends FieldMeasure<'countDistinct' | 'topK', string>
    ? Name
    : never;
}[keyof Measures];

/** As JSON holds it: longs, decimals and instants as text. */
type JsonOf<Value> = Value extends bigint | Decimal | Date ? string : Value;

/** Number of events, null fields or not. Column: int8. */
export function count<Event>(options?: MeasureOptions<Event>): CountMeasure {
  return withOptions({ aggregate: 'count' }, options);
}

/**
 * Sum of a field; nulls are passed over; NULL when there is no value. Doubles: the exact sum,
 * rounded once, whatever the order (column float8). Longs and decimals: exact and without bound
 * (column numeric).
 */
export function sum<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'sum', Name> {
  return withOptions({ aggregate: 'sum', field }, options);
}

/**
 * Mean of a field: its sum (as `sum` gives it) divided by the number of values, as float8; NULL
 * when there is no value.
 */
export function avg<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'avg', Name> {
  return withOptions({ aggregate: 'avg', field }, options);
}

/**
 * Smallest value of a field, in the field's own type; NaN counts as the greatest, as in Postgres.
 */
export function min<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'min', Name> {
  return withOptions({ aggregate: 'min', field }, options);
}

/**
 * Greatest value of a field, in the field's own type; NaN counts as the greatest, as in Postgres.
 */
export function max<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'max', Name> {
  return withOptions({ aggregate: 'max', field }, options);
}

/**
 * The field's value in the earliest event (event time; ties: topic, partition, offset) where it is
 * not null.
 */
export function first<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'first', Name> {
  return withOptions({ aggregate: 'first', field }, options);
}

/**
 * The field's value in the latest event (event time; ties: topic, partition, offset) where it is
 * not null.
 */
export function last<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'last', Name> {
  return withOptions({ aggregate: 'last', field }, options);
}

/**
 * How many different values a field has (int8). Exact up to `exactUpTo` of them (default 1,000),
 * beyond that estimated by HyperLogLog with 4,096 registers (standard error 1.6 %; Flajolet et al.
 * 2007); the column `<name>_exact` says which. Depends on the set of values alone.
 */
export function countDistinct<const Name extends string, Event = never>(
  field: Name,
  options: MeasureOptions<Event> & { readonly exactUpTo?: number } = {},
): FieldMeasure<'countDistinct', Name> {
  const { exactUpTo = 1_000, ...rest } = options;
  return withOptions({ aggregate: 'countDistinct', field, parameters: { exactUpTo } }, rest);
}

/**
 * The value below which a share `q` (0 to 1) of a field's values lies, as float8, within
 * `relativeError` (default 0.01) of a true value: DDSketch (Masson et al. 2019) without collapsing,
 * so the order of events does not show. Zero is exact; ±Infinity are kept as such; NaN counts as
 * the greatest.
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
 * `distinctUpTo` different values (default 1,000); beyond that it is the top of a sample of that
 * many values (those with the smallest hashes; their counts are exact), and `<name>_exact` is
 * false.
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
 * nulls are passed over.
 */
export function collect<const Name extends string, Event = never>(
  field: Name,
  n: number,
  options?: MeasureOptions<Event>,
): FieldMeasure<'collect', Name> {
  return withOptions({ aggregate: 'collect', field, parameters: { n } }, options);
}

/**
 * Sample variance (divided by n − 1, as Postgres's `variance`), from exact sums, as float8; NULL
 * for fewer than two values.
 */
export function variance<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'variance', Name> {
  return withOptions({ aggregate: 'variance', field }, options);
}

/** Sample standard deviation: the root of `variance`. */
export function stddev<const Name extends string, Event = never>(
  field: Name,
  options?: MeasureOptions<Event>,
): FieldMeasure<'stddev', Name> {
  return withOptions({ aggregate: 'stddev', field }, options);
}

/**
 * An aggregate of your own, over whole events. `checkAggregate` of `reprise/testing` checks its
 * laws.
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
