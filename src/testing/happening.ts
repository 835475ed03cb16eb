import type { EventDefinition } from '../event/event-definition.ts';
import type { Duration } from '../projection/check/duration.ts';
import { durationMs } from '../projection/check/duration.ts';
import type { PublishPlace } from './memory-log.ts';
import type { Given } from './with-dates.ts';

/**
 * An input of a scenario: an event, a tombstone, or a quiet partition. Created by `occurred`,
 * `tombstone` and `quiet`.
 */
export type Happening =
  | {
      readonly kind: 'event';
      readonly event: EventDefinition;
      readonly value: unknown;
      readonly place: PublishPlace;
    }
  | {
      readonly kind: 'tombstone';
      /** The event whose topic gets the tombstone. */
      readonly event: EventDefinition;
      readonly key: string | null;
      readonly place: PublishPlace;
    }
  | { readonly kind: 'tick'; readonly partition: number; readonly quietMs: number };

/**
 * Publishes an event. Timestamps may be given as Dates or milliseconds.
 * @param place.partition default: by the record key
 * @param place.timestamp record timestamp; default: the event's own time
 * @example
 * occurred(PageViewed, { visitorId: 'v1', page: '/shop', occurredAt: 1_000 }, { partition: 0 })
 */
export function occurred<Event>(
  event: EventDefinition<Event>,
  value: Given<Event>,
  place: PublishPlace = {},
): Happening {
  return { kind: 'event', event: event as EventDefinition, value, place };
}

/**
 * Writes a tombstone (a record without a value) to the topic of an event.
 * @param key the record key, as text
 * @param place.partition default: by the record key
 * @param place.timestamp record timestamp; default: one second after the previous record
 * @example
 * tombstone(CustomerRegistered, 'c1', { timestamp: new Date('2026-01-01') })
 */
export function tombstone<Event>(
  event: EventDefinition<Event>,
  key: string | null,
  place: PublishPlace = {},
): Happening {
  return { kind: 'tombstone', event: event as EventDefinition, key, place };
}

/**
 * Lets a partition be quiet for this long since its last event.
 * @example
 * quiet(0, '30 minutes')
 */
export function quiet(partition: number, quietFor: Duration): Happening {
  return { kind: 'tick', partition, quietMs: durationMs(quietFor, 'quiet(partition, quietFor)') };
}
