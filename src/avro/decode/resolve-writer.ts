import type { EventDefinition } from '../../event/event-definition.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { checkLogicalTypes } from '../compatibility/check-logical-types.ts';
import type { KeyRing } from '../pii/pii-envelope.ts';
import type { AvroType, RecordType } from '../schema/avro-type.ts';
import { parseSchema } from '../schema/parse-schema.ts';
import { compileUpcastReader } from './compile-upcast-reader.ts';
import { compileValueReader, type ReadValue } from './compile-value-reader.ts';

/** Who reads: an event, its parsed schema, and the keys for upcasters. */
export interface EventReader {
  readonly event: EventDefinition;
  readonly reader: RecordType;
  readonly keys?: KeyRing | undefined;
}

/** A writer's schema that an event can read. */
export interface ResolvedWriter {
  readonly writer: AvroType;
  /** Reads a whole value, whose bytes have been validated. */
  readonly read: ReadValue;
  /** True if `read` passes the value through upcasters. */
  readonly upcasts: boolean;
}

/**
 * Resolves a writer's schema, or returns the error with which its records fail. All decoders call
 * it, so that an event is readable as a whole or not at all, whatever a plan requests of it.
 */
export function resolveWriter(
  { event, reader, keys }: EventReader,
  schemaId: number,
  text: string,
): ResolvedWriter | RepriseError {
  try {
    const origin = `schema ${schemaId}`;
    const writer = parseSchema(text, origin);
    const upcast = compileUpcastReader(event, { text, origin }, keys);
    if (upcast !== null) return { writer, read: upcast, upcasts: true };
    checkLogicalTypes(writer, reader, `${origin}, event ${event.name}`);
    return { writer, read: compileValueReader(writer, reader), upcasts: false };
  } catch (error) {
    return isRepriseError(error) ? error : incompatible(event.name, schemaId, error);
  }
}

function incompatible(event: string, schemaId: number, cause: unknown): RepriseError {
  return new RepriseError(
    'INCOMPATIBLE_SCHEMA',
    `Schema ${schemaId} cannot be read as event ${event}: ${(cause as Error).message}. Give the event's schema defaults or aliases that bridge the change.`,
    { cause, facts: { event, schemaId } },
  );
}
