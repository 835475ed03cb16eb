import type { EventDefinition } from '../event/event-definition.ts';
import type { Position } from '../log/event-log.ts';
import type { RecordHeader } from '../log/record-batch.ts';

/** How one event is published. */
export interface PublishOptions {
  /** Default: murmur2 of the key field, as Kafka's Java client does. */
  readonly partition?: number;
  /** Record timestamp; default: the event's time field, else now. */
  readonly timestampMs?: number;
  readonly headers?: readonly RecordHeader[];
}

/** Typed appends with batching: sends wait at most `lingerMs` to travel together. */
export interface Publisher {
  /** Resolves with the event's position once acknowledged; rejects alone when this event failed. @throws ENCODE_FAILED, INCOMPATIBLE_SCHEMA, APPEND_FAILED, CLOSED */
  publish<Event>(
    event: EventDefinition<Event>,
    value: Event,
    options?: PublishOptions,
  ): Promise<Position>;
  /** Resolves when everything published so far is acknowledged or has failed. */
  flush(): Promise<void>;
  /** Flushes, then refuses further events. Idempotent. */
  close(): Promise<void>;
}
