import type { EventDefinition, Upcaster } from './event-definition.ts';
import type { Field } from './field-type.ts';
import { evolutionOf } from './upcaster.ts';

/** Options of `defineAvroEvent`. */
export interface AvroEventOptions {
  readonly name: string;
  readonly topic: string;
  /** The field that is the record key. Default: records have no key. */
  readonly key?: string;
  /** The field that is the event time. Default: the record timestamp. */
  readonly time?: string;
  readonly fields: readonly Field[];
  /**
   * True if the schema is composed of several files, which may be registered as references. Default
   * false.
   */
  readonly isComposed?: boolean;
  /** The `.avsc` text, verbatim, with the types of other files inlined. */
  readonly schema: string;
  /** Recorded versions, oldest first. Required if there are upcasters. */
  readonly versions?: readonly EventDefinition[];
  readonly upcasters?: readonly Upcaster[];
}

/**
 * Creates the definition of an Avro event. Called by the code that `reprise schemas generate`
 * writes, which has checked the schema.
 * @throws DEFINITION_INVALID if upcasters do not fit the recorded versions
 * @example
 * const Renamed = defineAvroEvent<{ readonly name: string }>({
 *   name: 'Renamed',
 *   topic: 'customers',
 *   fields: [{ name: 'name', type: { kind: 'string' }, nullable: false }],
 *   schema: '{"type":"record","name":"Renamed","fields":[{"name":"name","type":"string"}]}',
 * });
 */
export function defineAvroEvent<Event>(options: AvroEventOptions): EventDefinition<Event> {
  const { name, versions = [], upcasters = [] } = options;
  return {
    name,
    topic: options.topic,
    format: 'avro',
    keyField: options.key,
    timeField: options.time,
    fields: options.fields,
    schemaText: options.schema,
    ...(upcasters.length > 0 && { evolution: evolutionOf(name, versions, upcasters) }),
    ...(options.isComposed === true ? { isComposed: true } : {}),
    parse: undefined,
  };
}
