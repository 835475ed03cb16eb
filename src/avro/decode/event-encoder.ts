import type { Type } from 'avsc';
import type { EventDefinition } from '../../event/event-definition.ts';
import { RepriseError } from '../../reprise-error.ts';
import { headerBytes } from './confluent-header.ts';
import { createValueType } from './value-type.ts';

/** Encodes events as record values. */
export interface EventEncoder<Event> {
  /**
   * Encodes an event. `schemaId` is written to the header of Avro values; other formats ignore it.
   * @throws ENCODE_FAILED naming the field
   */
  encode(value: Event, schemaId: number): Buffer;
}

/**
 * Creates the encoder of an event. Avro: Confluent's header and the event's own schema; missing
 * fields are refused, even with a default. JSON: `JSON.stringify`, bigints as decimal text (a JSON
 * number would lose digits). Raw: the buffer in `value`. @throws SCHEMA_INVALID
 */
export function createEventEncoder<Event>(event: EventDefinition<Event>): EventEncoder<Event> {
  if (event.format === 'json') return { encode: (value) => encodeJson(event.name, value) };
  if (event.format === 'raw') return { encode: (value) => rawValue(event.name, value) };
  const type = createValueType(event.schemaText ?? '', `event ${event.name}`);
  const hooked: Parameters<typeof type.isValid>[1] = {
    errorHook: (path, given, expected) => {
      throw refused(event.name, path.join('.'), given, expected.toString());
    },
  };
  return {
    encode(value, schemaId) {
      // Recording the path of an error costs as much as encoding, so it is done only after an
      // error.
      if (!type.isValid(value)) type.isValid(value, hooked);
      try {
        return encodeAvro(type, value, schemaId);
      } catch (error) {
        throw refused(event.name, '', value, (error as Error).message);
      }
    },
  };
}

/**
 * Size of the slabs into which values are encoded one after another and from which views are
 * returned: one allocation for hundreds of values.
 */
const slabBytes = 32 * 1024;
let slab = Buffer.allocUnsafeSlow(slabBytes);
let used = 0;

/** Encodes Confluent's header and the value. */
function encodeAvro(type: Type, value: unknown, schemaId: number): Buffer {
  let end = type.encode(value, slab, used + headerBytes);
  while (end < 0) {
    // avsc tells how many bytes were missing; a getter of the value may then return a longer value.
    slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, slab.length - used - end));
    used = 0;
    end = type.encode(value, slab, headerBytes);
  }
  const from = used;
  used = end;
  slab[from] = 0;
  slab.writeUInt32BE(schemaId, from + 1);
  return slab.subarray(from, end);
}

function encodeJson(name: string, value: unknown): Buffer {
  try {
    const text = JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'bigint' ? part.toString() : part,
    );
    return Buffer.from(text);
  } catch (error) {
    throw refused(name, '', value, `a value of JSON (${(error as Error).message})`);
  }
}

function rawValue(name: string, event: unknown): Buffer {
  const value = (event as { value?: unknown } | null)?.value;
  if (Buffer.isBuffer(value)) return value;
  throw refused(name, 'value', value, 'a Buffer');
}

function refused(name: string, path: string, given: unknown, expected: string): RepriseError {
  const shown =
    typeof given === 'bigint' ? `${given}n` : given === null ? 'null' : String(given).slice(0, 100);
  const place = path === '' ? name : `${name}.${path}`;
  return new RepriseError(
    'ENCODE_FAILED',
    `${place} is ${shown} (${typeof given}); expected ${expected}. Correct the value given to publish.`,
    { facts: { event: name, field: path } },
  );
}
