import type avsc from 'avsc';
import type { EventDefinition } from '../../event/event-definition.ts';
import { parseJsonEvent } from '../../event/parse-json-event.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import type { KeyRing } from '../pii/pii-envelope.ts';
import { parseRecordSchema } from '../schema/parse-schema.ts';
import { headerBytes, readSchemaId } from './confluent-header.ts';
import { Cursor, failed } from './cursor.ts';
import { type EventReader, type ResolvedWriter, resolveWriter } from './resolve-writer.ts';
import { createBudget, skipValue } from './skip-value.ts';
import { createValueType } from './value-type.ts';

/**
 * Decodes whole events, for readers that need every field. `createFieldDecoder` decodes requested
 * fields into columns.
 */
export interface EventDecoder<Event> {
  /** Sets the text of a writer schema, or the error with which its values fail. Never throws. */
  resolve(schemaId: number, schema: string | Error): void;
  /** Removes what `resolve` set for an id. */
  forget(schemaId: number): void;
  /** True if `resolve` has been called for the id. */
  knows(schemaId: number): boolean;
  /**
   * Decodes a value. @throws NOT_CONFLUENT, GUID_HEADER, UNKNOWN_SCHEMA_ID (not resolved),
   * SCHEMA_INVALID, INCOMPATIBLE_SCHEMA, DECODE_FAILED, BUDGET_EXCEEDED, UPCAST_FAILED
   */
  decode(value: Buffer): Event;
}

interface Resolved extends ResolvedWriter {
  /** True if the writer's schema is the reader's own: avsc's generated code is faster. */
  readonly isOwn: boolean;
}

/**
 * Creates a decoder for one event definition; caches resolvers by writer schema id. `keys`: for
 * upcasters, which get `pii` fields decrypted. @throws SCHEMA_INVALID
 */
export function createEventDecoder<Event>(
  event: EventDefinition<Event>,
  keys?: KeyRing,
): EventDecoder<Event> {
  if (event.format === 'avro') return new AvroEventDecoder(event, keys);
  return {
    resolve: () => undefined,
    forget: () => undefined,
    knows: () => true,
    decode: (value) =>
      event.format === 'raw'
        ? ({ value: Buffer.from(value) } as Event)
        : parseJsonEvent(event, value),
  };
}

class AvroEventDecoder<Event> implements EventDecoder<Event> {
  private readonly cursor = new Cursor();
  private readonly resolved = new Map<number, Resolved | Error>();
  private readonly readerType: avsc.Type;
  private readonly reader: EventReader;

  constructor(event: EventDefinition<Event>, keys: KeyRing | undefined) {
    const text = event.schemaText ?? '';
    const origin = `event ${event.name}`;
    this.readerType = createValueType(text, origin);
    const reader = parseRecordSchema(text, origin);
    this.reader = { event: event as EventDefinition, reader, keys };
  }

  knows(schemaId: number): boolean {
    return this.resolved.has(schemaId);
  }

  resolve(schemaId: number, schema: string | Error): void {
    this.resolved.set(schemaId, typeof schema === 'string' ? this.link(schemaId, schema) : schema);
  }

  forget(schemaId: number): void {
    this.resolved.delete(schemaId);
  }

  private link(schemaId: number, text: string): Resolved | Error {
    const found = resolveWriter(this.reader, schemaId, text);
    if (found instanceof Error) return found;
    return { ...found, isOwn: !found.upcasts && text === this.reader.event.schemaText };
  }

  decode(value: Buffer): Event {
    try {
      return this.decodeValue(value);
    } finally {
      this.cursor.release();
    }
  }

  private decodeValue(value: Buffer): Event {
    const id = readSchemaId(value, 0, value.length);
    const resolved = this.resolved.get(id);
    if (resolved === undefined) throw unknownSchema(id);
    if (resolved instanceof Error) throw resolved;
    const { cursor } = this;
    cursor.attach(value);
    cursor.position = headerBytes;
    cursor.end = value.length;
    skipValue(cursor, resolved.writer, createBudget());
    if (cursor.position !== cursor.end) throw failed('bytes are left over at its end');
    try {
      if (resolved.isOwn) return this.readerType.fromBuffer(value.subarray(headerBytes)) as Event;
      cursor.position = headerBytes;
      return resolved.read(cursor) as Event;
    } catch (error) {
      throw isRepriseError(error) ? error : failed((error as Error).message);
    }
  }
}

/** Creates the error for a schema id that has not been resolved. */
export function unknownSchema(schemaId: number): RepriseError {
  return new RepriseError(
    'UNKNOWN_SCHEMA_ID',
    `Schema ${schemaId} has not been resolved. Fetch it from the registry first.`,
    { facts: { schemaId } },
  );
}
