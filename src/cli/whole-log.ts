import { readSchemaId } from '../avro/confluent-header.ts';
import { createEventDecoder, type EventDecoder } from '../avro/event-decoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import type { EventLog, ReadPosition } from '../log/event-log.ts';
import { recordAt } from '../log/log-record.ts';
import type { LogRecord } from '../log/record-batch.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { RepriseError } from '../reprise-error.ts';

/** A record with its event, decoded whole; an error where the value cannot be decoded; null for a tombstone. */
export interface DecodedRecord {
  readonly record: LogRecord;
  readonly event: unknown;
}

/** Every record of an event's topic from the start of the log to its present stable end, decoded whole, partition by partition in log order. */
export async function* wholeLog(
  source: { readonly log: EventLog; readonly registry: SchemaRegistry },
  event: EventDefinition,
): AsyncGenerator<DecodedRecord> {
  const decoder = createEventDecoder(event);
  const description = (await source.log.describe([event.topic])).get(event.topic);
  for (const { partition, startOffset, stableEndOffset } of description?.partitions ?? []) {
    if (startOffset >= stableEndOffset) continue;
    const position: ReadPosition = {
      topic: event.topic,
      partition,
      offset: startOffset,
      untilOffset: stableEndOffset,
    };
    for await (const batch of source.log.read([position])) {
      for (let index = 0; index < batch.count; index += 1) {
        const record = recordAt(batch, index);
        if (record.offset >= stableEndOffset) break;
        yield { record, event: await decode(decoder, source.registry, event, record) };
      }
    }
  }
}

async function decode(
  decoder: EventDecoder<unknown>,
  registry: SchemaRegistry,
  event: EventDefinition,
  { value }: LogRecord,
): Promise<unknown> {
  if (value === null) return null;
  try {
    if (event.format === 'avro') {
      const id = readSchemaId(value, 0, value.length);
      if (!decoder.knows(id)) decoder.resolve(id, await registry.schemaById(id));
    }
    return decoder.decode(value);
  } catch (error) {
    if (error instanceof RepriseError && !error.retriable) return error;
    throw error;
  }
}
