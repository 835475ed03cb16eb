import type { EventDefinition } from '../event/event-definition.ts';
import type { Position } from '../log/event-log.ts';
import type { RecordHeader } from '../log/record-batch.ts';

/** Options of one `publish` call. */
export interface PublishOptions {
  /** Default: murmur2 of the key field, as Kafka's Java client does. */
  readonly partition?: number;
  /** Record timestamp. Default: the event's time field, otherwise the current time. */
  readonly timestampMs?: number;
  readonly headers?: readonly RecordHeader[];
}

/**
 * Appends typed events in batches: events published while an append is in flight share the next
 * one.
 */
export interface Publisher {
  /**
   * Resolves with the event's position once it is acknowledged; rejects if this event failed. Do
   * not change `value` before that.
   * @throws ENCODE_FAILED, INCOMPATIBLE_SCHEMA, APPEND_FAILED, UNKNOWN_TOPIC, TIMEOUT, CLOSED
   * @example
   * const position = await app.publisher.publish(UserActed, event);
   * await app.readModels.waitFor(UserMetrics, position);
   */
  publish<Event>(
    event: EventDefinition<Event>,
    value: Event,
    options?: PublishOptions,
  ): Promise<Position>;
  /**
   * Back-pressure: resolves when the buffer has space for another event. Await it if you do not
   * await each acknowledgement: memory then stays bounded.
   * @example
   * await app.publisher.ready();
   * app.publisher.publish(UserActed, event).catch(report);
   */
  ready(): Promise<void>;
  /**
   * Resolves when everything published so far is acknowledged or has failed.
   * @example
   * app.publisher.publish(UserActed, event).catch(report);
   * await app.publisher.flush();
   */
  flush(): Promise<void>;
  /**
   * Refuses further events and flushes. Sends not acknowledged after `timeoutMs` (default 30,000)
   * reject with TIMEOUT. Idempotent.
   * @example
   * await app.publisher.close({ timeoutMs: 5_000 });
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}
