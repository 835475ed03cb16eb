import type { RowState } from '../rows/row-state.ts';
import { HEADER_NUMBERS, REVISED_AT } from '../rows/row-state.ts';

/**
 * Index of the first number of the session itself, after the row's header: one cache line holds
 * them and its first measures.
 */
export const START_MS = HEADER_NUMBERS;
/** Index of the last event time. */
export const END_MS = HEADER_NUMBERS + 1;
/** Index of the time up to which an event joins. */
export const UNTIL_MS = HEADER_NUMBERS + 2;
/** Index of the closed flag: 1 is closed. */
export const CLOSED = HEADER_NUMBERS + 3;
/** Index of the first measure of a session. */
export const SESSION_NUMBERS = HEADER_NUMBERS + 4;

/** The first event of a session, in event-time order: its id is derived from it. */
export interface FirstEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One session in memory: a view of its row, with state that is not a number. */
export class Session {
  readonly #state: RowState;
  /** Slot of its row. */
  slot: number;
  first: FirstEvent;
  /** The id of its row in the table; null: not written yet. */
  storedId: string | null = null;
  /** True if it is tracked, to be closed. */
  tracked = false;
  /** Its cached id; null: must be computed. */
  id: string | null = null;

  constructor(state: RowState, slot: number, first: FirstEvent) {
    this.#state = state;
    this.slot = slot;
    this.first = first;
  }

  get keyId(): number {
    return this.#state.keyIds[this.slot] as number;
  }

  get startMs(): number {
    return this.#number(START_MS);
  }

  set startMs(ms: number) {
    this.#set(START_MS, ms);
  }

  get endMs(): number {
    return this.#number(END_MS);
  }

  set endMs(ms: number) {
    this.#set(END_MS, ms);
  }

  get untilMs(): number {
    return this.#number(UNTIL_MS);
  }

  set untilMs(ms: number) {
    this.#set(UNTIL_MS, ms);
  }

  get closed(): boolean {
    return this.#number(CLOSED) === 1;
  }

  set closed(closed: boolean) {
    this.#set(CLOSED, closed ? 1 : 0);
  }

  /** Offset of the last event that came after it was closed; null: there was none. */
  get revisedAt(): number | null {
    const offset = this.#number(REVISED_AT);
    return Number.isNaN(offset) ? null : offset;
  }

  set revisedAt(offset: number | null) {
    this.#set(REVISED_AT, offset ?? Number.NaN);
  }

  #number(at: number): number {
    return this.#state.numbers[this.slot * this.#state.stride + at] as number;
  }

  #set(at: number, value: number): void {
    this.#state.numbers[this.slot * this.#state.stride + at] = value;
  }
}
