import type { Field } from './field-type.ts';

/**
 * What reprise knows of one kind of event: its record name, the topic it lives on, which field is
 * the record key and which the event time, and its fields. Plain data, so that plans built from it
 * can be printed and fingerprinted. The type parameter is the TypeScript shape of one event and
 * exists at compile time only.
 *
 * Avro definitions are generated from `schemas/*.avsc` by `reprise schemas generate`; JSON and raw
 * ones are made by `defineEvent`.
 */
export interface EventDefinition<Event = unknown> {
  /** The record's name, without namespace, e.g. `UserActed`. */
  readonly name: string;
  readonly topic: string;
  readonly format: 'avro' | 'json' | 'raw';
  /** Field whose value is the record key (as UTF-8 text); undefined: records have no key. */
  readonly keyField: string | undefined;
  /**
   * Field holding the event time (`timestamp-millis` or `timestamp-micros`); undefined: the record
   * timestamp is the event time.
   */
  readonly timeField: string | undefined;
  readonly fields: readonly Field[];
  /**
   * Avro: the reader schema, JSON text verbatim as in the `.avsc` file. Other formats: undefined.
   */
  readonly schemaText: string | undefined;
  /** Avro: recorded versions and upcasters, where there are upcasters. */
  readonly evolution?: Evolution;
  /**
   * Avro: the text is composed of several files; the registry may hold it as a text with
   * references. Default false.
   */
  readonly isComposed?: boolean;
  /** JSON: turns a parsed value into an event or throws. Other formats: undefined. */
  readonly parse: ((value: unknown) => Event) | undefined;
  /** Compile time only; never set. */
  readonly __event?: Event;
}

/** How an event came to be what it is: for decoders of what was written before. */
export interface Evolution {
  /** The recorded versions, oldest first. */
  readonly versions: readonly EventDefinition[];
  /**
   * Ascending, not overlapping: each begins at or after the version that the one before it leads
   * to.
   */
  readonly upcasters: readonly Upcaster[];
}

/**
 * Turns events of one recorded version into events of a later one, for what Avro's resolution
 * cannot express: a field split in two, another unit, another meaning. What versions in between
 * changed is resolved as Avro does.
 */
export interface Upcaster {
  readonly from: EventDefinition;
  readonly to: EventDefinition;
  readonly up: (event: never) => unknown;
}
