import type { Decimal } from '../event/decimal.ts';

/** How many events. */
export interface CountMeasure {
  readonly aggregate: 'count';
}

/** An aggregate over one field of the event. */
export interface FieldMeasure<Aggregate extends string, Name extends string> {
  readonly aggregate: Aggregate;
  readonly field: Name;
}

/** Names of the event's fields that can be added up: number, bigint and Decimal. */
export type NumericField<Event> = FieldOf<Event, number | bigint | Decimal>;
/** Names of the event's fields that have an order besides: Date too. */
export type OrderedField<Event> = FieldOf<Event, number | bigint | Decimal | Date>;

type FieldOf<Event, Value> = {
  [Name in keyof Event & string]: NonNullable<Event[Name]> extends Value ? Name : never;
}[keyof Event & string];

/** What `.measure({ … })` takes for events of this shape. */
export type Measure<Event> =
  | CountMeasure
  | FieldMeasure<'sum' | 'avg', NumericField<Event>>
  | FieldMeasure<'min' | 'max', OrderedField<Event>>;

/** The TypeScript type of a measure's column. Null: the window holds no value of the field. */
export type MeasureValue<Event, Spec> = Spec extends CountMeasure
  ? bigint
  : Spec extends FieldMeasure<'avg', string>
    ? number | null
    : Spec extends FieldMeasure<'sum' | 'min' | 'max', infer Name extends keyof Event & string>
      ? NonNullable<Event[Name]> | null
      : never;

/** Number of events in the window, null fields or not. Column: int8. */
export function count(): CountMeasure {
  return { aggregate: 'count' };
}

/**
 * Sum of a field; nulls are passed over; NULL when there is no value. Doubles: the exact sum, rounded once, whatever the order (column float8). Longs and
 * decimals: exact and without bound (column numeric).
 */
export function sum<const Name extends string>(field: Name): FieldMeasure<'sum', Name> {
  return { aggregate: 'sum', field };
}

/** Mean of a field: its sum (as `sum` gives it) divided by the number of values, as float8; NULL when there is no value. */
export function avg<const Name extends string>(field: Name): FieldMeasure<'avg', Name> {
  return { aggregate: 'avg', field };
}

/** Smallest value of a field, in the field's own type; NaN counts as the greatest, as in Postgres. */
export function min<const Name extends string>(field: Name): FieldMeasure<'min', Name> {
  return { aggregate: 'min', field };
}

/** Greatest value of a field, in the field's own type; NaN counts as the greatest, as in Postgres. */
export function max<const Name extends string>(field: Name): FieldMeasure<'max', Name> {
  return { aggregate: 'max', field };
}
