import type { EventEncoder } from '../avro/event-encoder.ts';
import { createEventEncoder } from '../avro/event-encoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { recordKeyOf } from '../event/record-of.ts';
import type { Emission } from '../fold/task-fold.ts';
import type { OutboxRecord } from './outbox-store.ts';

const encoders = new WeakMap<EventDefinition, EventEncoder<unknown>>();

/** An emitted event as the outbox keeps it. Encoded here, so that a value that does not fit its schema halts the task that made it. @throws ENCODE_FAILED */
export function encodeEmission({ event, value, id, timestampMs }: Emission): OutboxRecord {
  let encoder = encoders.get(event);
  if (encoder === undefined) {
    encoder = createEventEncoder(event);
    encoders.set(event, encoder);
  }
  return {
    eventId: id,
    event: event.name,
    topic: event.topic,
    schemaText: event.schemaText ?? null,
    key: recordKeyOf(event, value),
    value: encoder.encode(value, 0),
    timestampMs,
  };
}
