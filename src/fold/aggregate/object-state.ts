import type { FieldValue } from './field-value.ts';

/** The position of an event in event-time order: time, then topic, partition, offset. */
export interface EventOrder {
  readonly timeMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * The state of an aggregate as an object: commutative, associative and exact, as every accumulator.
 * A `State` object belongs to one row and may be changed in place.
 */
export interface ObjectState<State> {
  /** Returns the state without events. */
  zero(): State;
  /**
   * True if an event at this position could change the state; called before its value is decoded.
   * Absent: always.
   */
  wants?(state: State, order: EventOrder): boolean;
  /**
   * Adds one event: its value of the field (never null), its position (an object that the caller
   * reuses), and the whole event on demand.
   * @returns the state, changed or new
   */
  add(state: State, value: FieldValue, order: EventOrder, event: () => unknown): State;
  /** Adds another state, which does not change. @returns the state, changed or new */
  merge(state: State, other: State): State;
  /** Converts to a JSON value that depends only on the added events, not on their order. */
  toJson(state: State): unknown;
  fromJson(json: unknown): State;
}
