import type { z } from 'zod';
import type { EventDefinition } from './event-definition.ts';
import type { Field } from './field-type.ts';
import { zodFields } from './zod-fields.ts';

/** What a raw event looks like: the record's value, untouched. */
export interface RawEvent {
  readonly value: Buffer;
}

/** A foreign topic whose values are JSON. */
export interface JsonEventOptions<Schema extends z.ZodObject> {
  readonly name: string;
  readonly topic: string;
  readonly format: 'json';
  /** Checks and types each value; a record that does not fit fails alone. */
  readonly schema: Schema;
  /** Field that is the record key. */
  readonly key?: keyof z.infer<Schema> & string;
  /** Field that is the event time (a date or ISO date-time); default: the record timestamp. */
  readonly time?: keyof z.infer<Schema> & string;
}

/** A foreign topic whose values are bytes. */
export interface RawEventOptions {
  readonly name: string;
  readonly topic: string;
  readonly format: 'raw';
}

const rawFields: readonly Field[] = [{ name: 'value', type: { kind: 'bytes' }, nullable: false }];

/** Defines the events of a topic that reprise's own schemas do not describe. */
export function defineEvent<Schema extends z.ZodObject>(
  options: JsonEventOptions<Schema>,
): EventDefinition<z.infer<Schema>>;
export function defineEvent(options: RawEventOptions): EventDefinition<RawEvent>;
export function defineEvent(
  options: JsonEventOptions<z.ZodObject> | RawEventOptions,
): EventDefinition {
  const { name, topic, format } = options;
  const isJson = format === 'json';
  return {
    name,
    topic,
    format,
    keyField: isJson ? options.key : undefined,
    timeField: isJson ? options.time : undefined,
    fields: isJson ? zodFields(options.schema) : rawFields,
    schemaText: undefined,
    parse: isJson ? (value) => options.schema.parse(value) : undefined,
  };
}
