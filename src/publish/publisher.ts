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

/** Typed appends with batching: what is published while the log is busy travels together. */
export interface Publisher {
  /**
   * Resolves with the event's position once acknowledged; rejects alone when this event failed.
   * `value` must not change before that.
   * @throws ENCODE_FAILED, INCOMPATIBLE_SCHEMA, APPEND_FAILED, UNKNOWN_TOPIC, TIMEOUT, CLOSED
   */
  publish<Event>(
    event: EventDefinition<Event>,
    value: Event,
    options?: PublishOptions,
  ): Promise<Position>;
  /**
   * Back-pressure: resolves when the buffer can take another event. A service that does not await
   * each acknowledgement awaits this before it publishes, so that memory stays bounded.
   * @example
   * await publisher.ready();
   * publisher.publish(UserActed, event).catch(report);
   */
  ready(): Promise<void>;
  /** Resolves when everything published so far is acknowledged or has failed. */
  flush(): Promise<void>;
  /**
   * Refuses further events and flushes; what is not acknowledged after `timeoutMs` (default 30,000)
   * rejects with TIMEOUT. Idempotent.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}
