import type { Field } from './field-type.ts';

/**
 * Describes one kind of event: its record name, its topic, the fields that are the record key and
 * the event time, and all fields. Plain data, so that plans built from it can be printed and
 * fingerprinted. The type parameter is the TypeScript shape of one event and exists at compile time
 * only.
 *
 * `reprise schemas generate` generates Avro definitions from `schemas/*.avsc`; `defineEvent`
 * creates those of JSON and raw events.
 */
export interface EventDefinition<Event = unknown> {
  /** The record's name, without namespace, e.g. `UserActed`. */
  readonly name: string;
  readonly topic: string;
  readonly format: 'avro' | 'json' | 'raw';
  /** The field whose value is the record key (as UTF-8 text). Undefined: records have no key. */
  readonly keyField: string | undefined;
  /**
   * The field that holds the event time (`timestamp-millis` or `timestamp-micros`). Undefined: the
   * record timestamp is the event time.
   */
  readonly timeField: string | undefined;
  readonly fields: readonly Field[];
  /**
   * Avro: the reader schema, the JSON text verbatim as in the `.avsc` file. Undefined for other
   * formats.
   */
  readonly schemaText: string | undefined;
  /** Avro: recorded versions and upcasters, if the event has upcasters. */
  readonly evolution?: Evolution;
  /**
   * Avro: true if the text is composed of several files; the registry may hold it as a text with
   * references. Default false.
   */
  readonly isComposed?: boolean;
  /** JSON: turns a parsed value into an event, or throws. Undefined for other formats. */
  readonly parse: ((value: unknown) => Event) | undefined;
  /** Compile time only; never set. */
  readonly __event?: Event;
}

/**
 * The recorded versions of an event and the upcasters between them, for decoders of old records.
 */
export interface Evolution {
  /** The recorded versions, oldest first. */
  readonly versions: readonly EventDefinition[];
  /**
   * The upcasters, ascending and without overlap: each starts at or after the version that the
   * previous one leads to.
   */
  readonly upcasters: readonly Upcaster[];
}

/**
 * Turns events of one recorded version into events of a later one. For changes that Avro's
 * resolution cannot express: a field split in two, another unit, another meaning. Changes of the
 * versions in between are resolved by Avro's rules.
 */
export interface Upcaster {
  readonly from: EventDefinition;
  readonly to: EventDefinition;
  readonly up: (event: never) => unknown;
}
