import type { EventDefinition } from '../../event/event-definition.ts';
import {
  type AvroType,
  logicalOf,
  type RecordField,
  type RecordType,
} from '../schema/avro-type.ts';
import { invalid, parseRecordSchema } from '../schema/parse-schema.ts';

/** An encrypted field: its name, the field with its subject, and whether its bytes are text. */
export interface PiiField {
  readonly name: string;
  readonly subject: string;
  readonly kind: 'string' | 'bytes';
}

const subjectKinds: ReadonlySet<string> = new Set(['string', 'int', 'long', 'enum']);

/**
 * Returns the fields of a record with the property `"pii": "<field of the subject>"`. They must be
 * text or bytes without a logical type, or a union of one with null, at the top level. The subject
 * is another field, of text, int, long or enum, which is not encrypted itself. @throws
 * SCHEMA_INVALID
 */
export function piiFields(record: RecordType, origin: string): readonly PiiField[] {
  for (const field of record.fields) refuseNested(field.type, { origin, path: field.name });
  return record.fields.flatMap((field) =>
    field.pii === undefined ? [] : [piiField(record, field, origin)],
  );
}

const known = new WeakMap<EventDefinition, readonly PiiField[]>();

/**
 * Returns the `pii` fields of an event's own schema; none for JSON and raw events. @throws
 * SCHEMA_INVALID
 */
export function piiFieldsOf(event: EventDefinition): readonly PiiField[] {
  let fields = known.get(event);
  if (fields === undefined) {
    const { schemaText } = event;
    const origin = `event ${event.name}`;
    // A text search first, so that schemas without the word are not parsed.
    fields = schemaText?.includes('"pii"')
      ? piiFields(parseRecordSchema(schemaText, origin), origin)
      : [];
    known.set(event, fields);
  }
  return fields;
}

function piiField(record: RecordType, field: RecordField, origin: string): PiiField {
  const branches = field.type.kind === 'union' ? field.type.branches : [field.type];
  const values = branches.filter(({ kind }) => kind !== 'null');
  const [only] = values;
  const isPlain =
    values.length === 1 &&
    only !== undefined &&
    (only.kind === 'string' || only.kind === 'bytes') &&
    logicalOf(only) === null;
  if (!isPlain) {
    const fix = 'make it a string or bytes, or a union of one of them with null';
    throw invalid(origin, field.name, `is "pii", which its type cannot be; ${fix}`);
  }
  const subject = record.fields.find(({ name }) => name === field.pii);
  if (subject === undefined || subject.pii !== undefined) {
    const fix = 'name the field that says whose it is, itself not "pii"';
    throw invalid(origin, field.name, `has "pii": ${JSON.stringify(field.pii)}; ${fix}`);
  }
  if (!subjectKinds.has(subject.type.kind)) {
    const fix = `${subject.name} must be a string, int, long or enum, and not null`;
    throw invalid(origin, field.name, `belongs to the subject in ${subject.name}; ${fix}`);
  }
  return { name: field.name, subject: subject.name, kind: only.kind as PiiField['kind'] };
}

/** Refuses the property in a position where it would have no effect. */
function refuseNested(
  type: AvroType,
  place: { readonly origin: string; readonly path: string },
  seen: Set<AvroType> = new Set(),
): void {
  if (seen.has(type)) return;
  seen.add(type);
  const inside = type.kind === 'union' ? type.branches : partsOf(type);
  for (const part of inside) refuseNested(part, place, seen);
  if (type.kind !== 'record') return;
  const nested = type.fields.find(({ pii }) => pii !== undefined);
  if (nested === undefined) return;
  throw invalid(
    place.origin,
    `${place.path}.${nested.name}`,
    'is "pii" inside another field, where nothing is encrypted; move it to the top of the event',
  );
}

function partsOf(type: AvroType): readonly AvroType[] {
  if (type.kind === 'array') return [type.items];
  if (type.kind === 'map') return [type.values];
  return type.kind === 'record' ? type.fields.map((field) => field.type) : [];
}
