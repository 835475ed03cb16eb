import type { EventDefinition, Evolution, Upcaster } from '../../event/event-definition.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { checkLogicalTypes } from '../compatibility/check-logical-types.ts';
import { openEvent } from '../pii/open-event.ts';
import type { KeyRing } from '../pii/pii-envelope.ts';
import { piiFieldsOf } from '../pii/pii-fields.ts';
import { parseRecordSchema, parseSchema } from '../schema/parse-schema.ts';
import { compileValueReader, type ReadValue } from './compile-value-reader.ts';
import { Cursor } from './cursor.ts';
import { recordedVersion, upcastersFrom, type WriterSchema } from './recorded-version.ts';
import { createValueType } from './value-type.ts';

/** Converts a value of one schema to one of another. */
type Convert = (value: unknown) => unknown;

/**
 * Compiles a reader for values of a recorded version: it applies the later upcasters and returns a
 * value of the event's own schema. Null if no upcaster follows, or the schema is not a recorded
 * version; Avro's resolution alone then reads it. As for any `ReadValue`, the caller has validated
 * the bytes. `keys`: `pii` fields of the version are decrypted before the first upcaster; without
 * keys they stay encrypted.
 * @throws INCOMPATIBLE_SCHEMA, SCHEMA_INVALID; Error naming the types that do not resolve
 */
export function compileUpcastReader(
  event: EventDefinition,
  writer: WriterSchema,
  keys?: KeyRing,
): ReadValue | null {
  const { evolution } = event;
  if (evolution === undefined) return null;
  const version = recordedVersion(evolution, writer);
  const chain = version < 0 ? [] : upcastersFrom(evolution, version);
  const [first] = chain;
  if (first === undefined) return null;
  const resolved = resolvedReader(writer, first.from.schemaText ?? '');
  const sealed = piiFieldsOf(first.from);
  const read: ReadValue =
    keys === undefined ? resolved : (cursor) => openEvent(resolved(cursor), sealed, keys);
  const lifts = chain.flatMap((step, i) => [
    lift(event.name, evolution, step),
    bridge(step.to.schemaText ?? '', (chain[i + 1]?.from ?? event).schemaText ?? ''),
  ]);
  return (cursor) => lifts.reduce((value, convert) => convert(value), read(cursor));
}

function resolvedReader(writer: WriterSchema, readerText: string): ReadValue {
  const type = parseSchema(writer.text, writer.origin);
  const reader = parseRecordSchema(readerText, 'its recorded version');
  checkLogicalTypes(type, reader, writer.origin);
  return compileValueReader(type, reader);
}

/** Wraps the user's function and validates its result. */
function lift(event: string, { versions }: Evolution, { from, to, up }: Upcaster): Convert {
  const name = `the upcaster of ${event} from version ${versions.indexOf(from) + 1} to ${versions.indexOf(to) + 1}`;
  const type = createValueType(to.schemaText ?? '', name);
  return (value) => {
    const lifted = called(name, up as Convert, value);
    type.isValid(lifted, {
      errorHook: (path, given, expected) => {
        const place = path.length === 0 ? 'a value' : path.join('.');
        throw failed(
          name,
          `gave ${typeof given} for ${place}, which is ${expected.toString()}`,
          null,
        );
      },
    });
    return lifted;
  };
}

function called(name: string, up: Convert, value: unknown): unknown {
  try {
    return up(value);
  } catch (error) {
    throw isRepriseError(error) ? error : failed(name, `threw: ${(error as Error).message}`, error);
  }
}

/**
 * Compiles the conversion from one version to the next that has an upcaster: as Avro would resolve
 * values written with the first.
 */
function bridge(fromText: string, toText: string): Convert {
  if (fromText === toText) return (value) => value;
  const type = createValueType(fromText, 'a recorded version');
  const read = resolvedReader({ text: fromText, origin: 'a recorded version' }, toText);
  const cursor = new Cursor();
  return (value) => {
    const bytes = type.toBuffer(value);
    cursor.attach(bytes);
    cursor.position = 0;
    cursor.end = bytes.length;
    return read(cursor);
  };
}

function failed(name: string, problem: string, cause: unknown): RepriseError {
  return new RepriseError(
    'UPCAST_FAILED',
    `${name} ${problem}. Correct the upcaster; \`reprise dlq redrive\` folds the record again.`,
    { cause },
  );
}
