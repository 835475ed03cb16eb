import type avsc from 'avsc';
import type { EventDefinition } from '../../event/event-definition.ts';
import { parseJsonEvent } from '../../event/parse-json-event.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { checkLogicalTypes } from '../compatibility/check-logical-types.ts';
import type { KeyRing } from '../pii/pii-envelope.ts';
import type { AvroType, RecordType } from '../schema/avro-type.ts';
import { parseRecordSchema, parseSchema } from '../schema/parse-schema.ts';
import { compileUpcastReader } from './compile-upcast-reader.ts';
import { compileValueReader, type ReadValue } from './compile-value-reader.ts';
import { headerBytes, readSchemaId } from './confluent-header.ts';
import { Cursor, failed } from './cursor.ts';
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

interface Resolved {
  readonly writer: AvroType;
  /**
   * Reads a value. Null if the writer's schema is the reader's own: avsc's generated code is
   * faster.
   */
  readonly read: ReadValue | null;
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
  private readonly event: EventDefinition<Event>;
  private readonly keys: KeyRing | undefined;
  private readonly readerType: avsc.Type;
  private readonly reader: RecordType;
  private readonly readerText: string;

  constructor(event: EventDefinition<Event>, keys: KeyRing | undefined) {
    this.keys = keys;
    const text = event.schemaText ?? '';
    this.event = event;
    this.readerText = text;
    this.readerType = createValueType(text, `event ${event.name}`);
    this.reader = parseRecordSchema(text, `event ${event.name}`);
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
    try {
      const writer = parseSchema(text, `schema ${schemaId}`);
      const upcast = compileUpcastReader(
        this.event,
        { text, origin: `schema ${schemaId}` },
        this.keys,
      );
      if (upcast !== null) return { writer, read: upcast };
      checkLogicalTypes(writer, this.reader, `schema ${schemaId}, event ${this.event.name}`);
      const same = text === this.readerText;
      return { writer, read: same ? null : compileValueReader(writer, this.reader) };
    } catch (error) {
      return isRepriseError(error) ? error : incompatible(this.event.name, schemaId, error);
    }
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
      if (resolved.read === null)
        return this.readerType.fromBuffer(value.subarray(headerBytes)) as Event;
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

/** Creates the error for a writer schema that the event's own schema cannot read. */
export function incompatible(event: string, schemaId: number, cause: unknown): RepriseError {
  return new RepriseError(
    'INCOMPATIBLE_SCHEMA',
    `Schema ${schemaId} cannot be read as event ${event}: ${(cause as Error).message}. Give the event's schema defaults or aliases that bridge the change.`,
    { cause, facts: { event, schemaId } },
  );
}
