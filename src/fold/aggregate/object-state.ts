import type { FieldValue } from './field-value.ts';

/** Where an event stands in event-time order: time, then topic, partition, offset. */
export interface EventOrder {
  readonly timeMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * The state of an aggregate that is kept as an object: commutative, associative and exact, as every
 * accumulator. `State` objects belong to one row and may be changed in place.
 */
export interface ObjectState<State> {
  /** The state of no events. */
  zero(): State;
  /**
   * Whether an event that stands there could change the state; asked first, before its value is
   * decoded. Absent: always.
   */
  wants?(state: State, order: EventOrder): boolean;
  /**
   * Takes in one event: its value of the field (never null), where it stands (an object that the
   * caller uses again), and the whole event on demand.
   * @returns the state, changed or new
   */
  add(state: State, value: FieldValue, order: EventOrder, event: () => unknown): State;
  /** Takes in another state, which stays as it is. @returns the state, changed or new */
  merge(state: State, other: State): State;
  /** A JSON value that depends on what was taken in alone, never on the order. */
  toJson(state: State): unknown;
  fromJson(json: unknown): State;
}
