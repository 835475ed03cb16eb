import type { EventDefinition } from '../../event/event-definition.ts';
import type { Duration } from '../check/duration.ts';

/** Events of several definitions, as the tuple of their types. */
export type EventsOf<Events extends readonly unknown[]> = {
  readonly [Index in keyof Events]: EventDefinition<Events[Index]>;
};

/** Fields that may be the event time, in all of the events. */
export type TimeField<Event> = FieldsOf<Event>['time'];

/**
 * Names of fields: members of an interface, because the compiler shows those by what they hold, and
 * an alias by its name.
 */
export interface FieldsOf<Event> {
  /**
   * Fields that may be part of a key: text, enums, whole numbers, booleans, days. Of several
   * events: those that all have.
   */
  readonly key: {
    [Name in keyof Event & string]: NonNullable<Event[Name]> extends
      | string
      | number
      | bigint
      | boolean
      ? Name
      : never;
  }[keyof Event & string];
  readonly time: {
    [Name in keyof Event & string]: NonNullable<Event[Name]> extends Date | bigint ? Name : never;
  }[keyof Event & string];
}

/** Nothing is this; the compiler's message quotes the missing field and the available ones. */
export interface NoKeyField<Wanted, Available> {
  readonly __noKeyField: [Wanted, Available] & never;
}

/**
 * Another notion of time than the event definition's own. Made by `ingestionTime` and
 * `processingTime`.
 */
export interface TimeChoice {
  readonly time: 'record' | 'processing';
}

/**
 * The record's timestamp: the time of append where the topic has LogAppendTime, else what the
 * producer set.
 */
export function ingestionTime(): TimeChoice {
  return { time: 'record' };
}

/**
 * The clock of the process when it folds the record. Not replayable: such a projection cannot be
 * rebuilt.
 */
export function processingTime(): TimeChoice {
  return { time: 'processing' };
}

/** How a projection deals with disorder and silence. */
export interface DisorderOptions {
  /** The disorder to wait for: watermark = largest event time seen − lateness. Default 0. */
  readonly lateness?: Duration;
  /**
   * An event further ahead of its record timestamp is a dead letter (FUTURE) and does not move the
   * watermark. Default 1 hour.
   */
  readonly maxDrift?: Duration;
  /**
   * When a partition has been silent for this long, its owner records a tick, and another after
   * each further such time: event time then moves at the speed of the wall clock. Default: 10
   * seconds for projections that close windows or sessions or match patterns, else off. `'off'`:
   * never.
   */
  readonly idle?: Duration | 'off';
}

/**
 * What becomes of tombstones (records without a value) on the topics of windows, sessions and
 * patterns. `ignore`: they are passed over, since they take no event back. `refuse`: each is a dead
 * letter (TOMBSTONE), or halts the task, as the error policy says.
 */
export type TombstoneChoice = 'ignore' | 'refuse';

/** Their names, and what becomes of late events. */
export const DISORDER_OPTIONS: readonly string[] = ['lateness', 'late', 'maxDrift', 'idle'];

/** What the builders of all kinds collect first; read by the compiler only. */
export interface DeclaredSources {
  readonly events: readonly EventDefinition[];
  readonly keyFields: readonly string[];
  readonly where: readonly unknown[];
  /** A field's name, another notion of time, or null: each event's own time field. */
  readonly time: string | TimeChoice | null;
  /** What `onTombstone` was given, once for each call. Absent: it was not called. */
  readonly tombstones?: readonly unknown[];
}
