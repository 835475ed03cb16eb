import { claimsRecord } from '../../avro/decode/claims-record.ts';
import { readSchemaId } from '../../avro/decode/confluent-header.ts';
import { createEventDecoder, type EventDecoder } from '../../avro/decode/event-decoder.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { EventLog, ReadPosition } from '../../log/event-log.ts';
import { recordAt } from '../../log/record-at.ts';
import type { LogRecord } from '../../log/record-batch.ts';
import type { SchemaRegistry } from '../../registry/schema-registry.ts';
import { RepriseError } from '../../reprise-error.ts';

/**
 * A record with its decoded event; an error if the value cannot be decoded; null for a tombstone.
 */
export interface DecodedRecord {
  readonly record: LogRecord;
  readonly event: unknown;
}

/**
 * Yields every record of an event from the start of its topic to the current stable end, decoded as
 * a whole event, partition by partition in log order. Records of other events of the topic are
 * ignored.
 */
export async function* wholeLog(
  source: { readonly log: EventLog; readonly registry: SchemaRegistry },
  event: EventDefinition,
): AsyncGenerator<DecodedRecord> {
  const decoder = createEventDecoder(event);
  const foreign = new Set<number>();
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
        const decoded = await decode({ decoder, foreign, event }, source.registry, record);
        if (decoded !== FOREIGN) yield { record, event: decoded };
      }
    }
  }
}

/** Result of decoding a record of another event. */
const FOREIGN = Symbol('record of another event');

/** State of decoding the records of one event. */
interface Decoding {
  readonly event: EventDefinition;
  readonly decoder: EventDecoder<unknown>;
  /** Ids of schemas of other events. */
  readonly foreign: Set<number>;
}

async function decode(
  { event, decoder, foreign }: Decoding,
  registry: SchemaRegistry,
  { value }: LogRecord,
): Promise<unknown> {
  if (value === null) return null;
  try {
    if (event.format === 'avro') {
      const id = readSchemaId(value, 0, value.length);
      if (!decoder.knows(id) && !foreign.has(id)) {
        const schema = await registry.schemaById(id);
        if (claimsRecord(event, schema)) decoder.resolve(id, schema);
        else foreign.add(id);
      }
      if (foreign.has(id)) return FOREIGN;
    }
    return decoder.decode(value);
  } catch (error) {
    if (error instanceof RepriseError && !error.retriable) return error;
    throw error;
  }
}
