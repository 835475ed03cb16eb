import type { z } from 'zod';
import type { EventDefinition } from './event-definition.ts';
import type { Field } from './field-type.ts';
import { zodFields } from './zod-fields.ts';

/** The shape of a raw event: the bytes of the record's value. */
export interface RawEvent {
  readonly value: Buffer;
}

/** Options of `defineEvent` for a topic whose values are JSON. */
export interface JsonEventOptions<Schema extends z.ZodObject> {
  readonly name: string;
  readonly topic: string;
  readonly format: 'json';
  /**
   * Validates and types each value. A record that does not fit fails; other records are not
   * affected.
   */
  readonly schema: Schema;
  /** The field that is the record key. */
  readonly key?: keyof z.infer<Schema> & string;
  /** The field that is the event time (a date or ISO date-time). Default: the record timestamp. */
  readonly time?: keyof z.infer<Schema> & string;
}

/** Options of `defineEvent` for a topic whose values are bytes. */
export interface RawEventOptions {
  readonly name: string;
  readonly topic: string;
  readonly format: 'raw';
}

const rawFields: readonly Field[] = [{ name: 'value', type: { kind: 'bytes' }, nullable: false }];

/**
 * Defines the events of a topic that has no Avro schema: JSON or raw bytes.
 * @example
 * const Paid = defineEvent({
 *   name: 'Paid',
 *   topic: 'payments',
 *   format: 'json',
 *   schema: z.object({ account: z.string(), cents: z.number(), at: z.coerce.date() }),
 *   key: 'account',
 *   time: 'at',
 * });
 */
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
