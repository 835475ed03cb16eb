import { eventRecordNames } from '../../avro/decode/claims-record.ts';
import type { RecordField, RecordType } from '../../avro/schema/avro-type.ts';
import { type AvroType, logicalOf, unqualified } from '../../avro/schema/avro-type.ts';
import { parseRecordSchema } from '../../avro/schema/parse-schema.ts';
import type { EventDefinition, Evolution } from '../../event/event-definition.ts';
import type { Field } from '../../event/field-type.ts';

/**
 * How a projection reads the fields of records, as plain data. A change that is not visible here
 * does not change a row.
 */
export interface EventReading {
  readonly name: string;
  readonly topic: string;
  readonly format: EventDefinition['format'];
  readonly key: string | undefined;
  /** Names of the records that are read as this event. */
  readonly records: readonly string[];
  /** The fields that are read, by name: type, default and aliases. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Names of all fields in order, if functions get whole events. */
  readonly order?: readonly string[];
  /** User functions that records of older versions pass through; they may set any field. */
  readonly upcasters: readonly unknown[];
}

/** Returns how an event's fields are read. `names` null: the whole event is read. */
export function eventReading(
  event: EventDefinition,
  names: readonly string[] | null,
): EventReading {
  const { name, topic, format, keyField, evolution } = event;
  const schema = schemaOf(event);
  const all = schema === null ? event.fields : schema.fields;
  const read = all.filter((field) => names === null || names.includes(field.name));
  const fields = read.map((field) => [
    field.name,
    'aliases' in field ? fieldOf(field) : plainField(field),
  ]);
  return {
    name,
    topic,
    format,
    key: keyField,
    records: [...new Set(eventRecordNames(event))].sort(),
    fields: Object.fromEntries(fields) as EventReading['fields'],
    ...(names === null && { order: all.map((field) => field.name) }),
    upcasters: evolution === undefined ? [] : upcastersOf(evolution),
  };
}

/**
 * Returns the schema of an Avro event. Null if the event is not Avro, or if its schema is invalid:
 * decoding reports that better.
 */
function schemaOf({ format, schemaText = '', name }: EventDefinition): RecordType | null {
  try {
    return format === 'avro' ? parseRecordSchema(schemaText, `event ${name}`) : null;
  } catch {
    return null;
  }
}

/** Describes a field of a JSON or raw event. */
function plainField({ type, nullable }: Field): unknown {
  return { type: type.kind === 'enum' ? 'enum' : type, nullable };
}

/**
 * Describes upcasters. They get whole events of recorded versions, whose texts do not change any
 * more.
 */
function upcastersOf({ upcasters }: Evolution): readonly unknown[] {
  return upcasters.map(({ from, to, up }) => ({ from: wholeOf(from), to: wholeOf(to), up }));
}

function wholeOf(version: EventDefinition): unknown {
  const schema = schemaOf(version);
  if (schema === null) return version.fields;
  return Object.fromEntries(schema.fields.map((field) => [field.name, fieldOf(field)]));
}

function fieldOf({ aliases, type, fallback, pii }: RecordField): unknown {
  return {
    type: typeOf(type, []),
    aliases,
    // A default of null is a default.
    ...(fallback !== undefined && { default: JSON.stringify(fallback) }),
    pii,
  };
}

/**
 * Returns a type as resolution sees it, without documentation. The symbols of an enum count only if
 * it has a default, which replaces unknown symbols. Without a default an unknown symbol makes the
 * record fail, so a new symbol changes no earlier result.
 */
function typeOf(type: AvroType, parents: readonly AvroType[]): unknown {
  const inner = (each: AvroType) => typeOf(each, [...parents, type]);
  switch (type.kind) {
    case 'array':
      return { array: inner(type.items) };
    case 'map':
      return { map: inner(type.values) };
    case 'union':
      return { union: type.branches.map(inner) };
    case 'enum': {
      const { name, aliases, fallback, symbols } = type;
      const known = fallback === null ? [] : [...symbols].sort();
      return { enum: name, aliases, default: fallback, symbols: known };
    }
    case 'fixed':
      return { fixed: type.name, aliases: type.aliases, size: type.size, logical: logicalOf(type) };
    case 'record': {
      const { name, aliases, fields } = type;
      if (parents.includes(type)) return { record: unqualified(name) };
      const parts = fields.map((field) => ({
        name: field.name,
        type: inner(field.type),
        aliases: field.aliases,
        ...(field.fallback !== undefined && { default: JSON.stringify(field.fallback) }),
      }));
      return { record: name, aliases, fields: parts };
    }
    default: {
      const logical = logicalOf(type);
      return logical === null ? type.kind : { [type.kind]: logical };
    }
  }
}
