import { createEventDecoder } from './event-decoder.ts';

/**
 * Decodes a value by its writer schema, for display, without the event's own schema. `pii` fields
 * stay encrypted. @throws as `EventDecoder.decode`
 */
export function decodeAsWritten(value: Buffer, schemaId: number, schemaText: string): unknown {
  const decoder = createEventDecoder({
    name: `schema ${schemaId}`,
    topic: '',
    format: 'avro',
    keyField: undefined,
    timeField: undefined,
    fields: [],
    schemaText,
    parse: undefined,
  });
  decoder.resolve(schemaId, schemaText);
  return decoder.decode(value);
}
