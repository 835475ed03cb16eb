import type { EventEncoder } from '../../avro/decode/event-encoder.ts';
import { createEventEncoder } from '../../avro/decode/event-encoder.ts';
import { piiFieldsOf } from '../../avro/pii/pii-fields.ts';
import { sealEvent, subjectsOf } from '../../avro/pii/seal-event.ts';
import { currentKeys, type DataKeys } from '../../erasure/data-keys.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import { recordKeyOf } from '../../event/record-key-of.ts';
import type { Emission } from '../../fold/task/task-fold.ts';
import type { OutboxRecord } from '../store/outbox-store.ts';

const encoders = new WeakMap<EventDefinition, EventEncoder<unknown>>();

/**
 * Encodes emitted events for the outbox, with `pii` fields encrypted. Encoding happens here, so
 * that a value that does not fit its schema halts the task that emitted it.
 * @throws ENCODE_FAILED, KEY_PROVIDER_FAILED
 */
export async function encodeEmissions(
  emissions: readonly Emission[],
  dataKeys: DataKeys,
): Promise<readonly OutboxRecord[]> {
  const records: OutboxRecord[] = [];
  for (const emission of emissions) {
    const { event } = emission;
    const isPlain = piiFieldsOf(event).length === 0;
    const value = isPlain ? emission.value : await sealed(emission, dataKeys);
    records.push(encode(emission, value));
  }
  return records;
}

async function sealed({ event, value }: Emission, dataKeys: DataKeys): Promise<unknown> {
  return sealEvent(event, value, await currentKeys(dataKeys, subjectsOf(event, value)));
}

function encode({ event, id, timestampMs, cause }: Emission, value: unknown): OutboxRecord {
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
    cause,
  };
}
