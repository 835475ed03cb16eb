import type { EventDefinition } from '../../event/event-definition.ts';
import type { Duration } from '../check/duration.ts';

/** Events of several definitions, as the tuple of their types. */
export type EventsOf<Events extends readonly unknown[]> = {
  readonly [Index in keyof Events]: EventDefinition<Events[Index]>;
};

/** Fields that may be the event time and that all of the events have. */
export type TimeField<Event> = FieldsOf<Event>['time'];

/**
 * Names of fields. An interface with members, because the compiler shows a member by its value and
 * an alias by its name.
 */
export interface FieldsOf<Event> {
  /**
   * Fields that may be part of a key: text, enums, integers, booleans, dates. For several events:
   * the fields that all of them have.
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

/** No value has this type; the compiler's message quotes the missing and the available fields. */
export interface NoKeyField<Wanted, Available> {
  readonly __noKeyField: [Wanted, Available] & never;
}

/**
 * An event time other than the event definition's. Created by `ingestionTime` and `processingTime`.
 */
export interface TimeChoice {
  readonly time: 'record' | 'processing';
}

/**
 * The record's timestamp is the event time: the time of append if the topic has LogAppendTime,
 * otherwise the time that the producer set.
 * @example
 * this.from(UserActed)
 *   .time(ingestionTime())
 *   .key('userId')
 *   .window(tumbling('1 minute'))
 *   .measure({ events: count() })
 */
export function ingestionTime(): TimeChoice {
  return { time: 'record' };
}

/**
 * The clock of the process when it folds the record is the event time. Not replayable: such a
 * projection cannot be rebuilt.
 * @example
 * this.from(UserActed)
 *   .time(processingTime())
 *   .key('userId')
 *   .window(tumbling('1 minute'))
 *   .measure({ events: count() })
 */
export function processingTime(): TimeChoice {
  return { time: 'processing' };
}

/** How a projection handles disorder and idle partitions. */
export interface DisorderOptions {
  /** Expected disorder: watermark = largest event time seen − lateness. Default 0. */
  readonly lateness?: Duration;
  /**
   * An event that is further ahead of its record timestamp becomes a dead letter (FUTURE) and does
   * not move the watermark. Default 1 hour.
   */
  readonly maxDrift?: Duration;
  /**
   * If a partition has no new events for this long, the owner of its task advances the watermark by
   * the clock and records that in the journal, and again after each further such period: event time
   * then advances with the wall clock, and a replay repeats it. Default: 10 seconds for projections
   * that close windows or sessions or match patterns, otherwise off. `'off'`: never.
   */
  readonly idle?: Duration | 'off';
}

/**
 * What happens to tombstones (records without a value) on the topics of windows, sessions and
 * patterns. `ignore`: they have no effect, because they do not revoke an event. `refuse`: each
 * becomes a dead letter (TOMBSTONE) or halts the task, depending on the error policy.
 */
export type TombstoneChoice = 'ignore' | 'refuse';

/** Names of the disorder options, and of the option for late events. */
export const DISORDER_OPTIONS: readonly string[] = ['lateness', 'late', 'maxDrift', 'idle'];

/** What the builders of all projection kinds collect first. Only the compiler reads it. */
export interface DeclaredSources {
  readonly events: readonly EventDefinition[];
  readonly keyFields: readonly string[];
  readonly where: readonly unknown[];
  /** Name of a time field, or another event time. Null: each event's own time field. */
  readonly time: string | TimeChoice | null;
  /** Argument of each `onTombstone` call. Absent: it was not called. */
  readonly tombstones?: readonly unknown[];
}
