import type { CompatibilityLevel } from '../avro/compatibility/compatibility-level.ts';

export type { CompatibilityLevel } from '../avro/compatibility/compatibility-level.ts';

/** Where a schema takes a named type from. */
export interface SchemaReference {
  /** What the referring schema calls it; for Avro the full name of the type. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/**
 * One registered version of a subject. `id` is global: the same text has one id in every subject.
 */
export interface RegisteredSchema {
  readonly subject: string;
  /** From 1, ascending. */
  readonly version: number;
  readonly id: number;
  /**
   * Kept verbatim by our own registry; a foreign one may have re-serialised it: never compare it
   * byte for byte.
   */
  readonly schemaText: string;
  /** Other subjects' versions that the text takes named types from; absent: none. */
  readonly references?: readonly SchemaReference[];
}

/**
 * The port to a schema registry. Adapters: `confluent` (HTTP), `postgres`; one contract suite for
 * both.
 */
export interface SchemaRegistry {
  readonly kind: 'confluent' | 'postgres';

  /**
   * Registers Avro schema text under a subject; the same schema again gives the same version and
   * id. `references` say which registered versions define the names that the text does not. @throws
   * REGISTRY_REFUSED, INCOMPATIBLE_SCHEMA, REGISTRY_UNAVAILABLE
   */
  register(
    subject: string,
    schemaText: string,
    references?: readonly SchemaReference[],
  ): Promise<RegisteredSchema>;

  /**
   * The text behind a global id, self-contained: what it refers to stands in it. @throws
   * UNKNOWN_SCHEMA_ID, REGISTRY_UNAVAILABLE
   */
  schemaById(id: number): Promise<string>;

  /** The newest version of a subject. @throws UNKNOWN_SUBJECT, REGISTRY_UNAVAILABLE */
  latest(subject: string): Promise<RegisteredSchema>;

  /** All subjects that have versions, sorted. @throws REGISTRY_UNAVAILABLE */
  subjects(): Promise<readonly string[]>;

  /**
   * All versions of a subject, oldest first; empty when the subject is unknown. @throws
   * REGISTRY_UNAVAILABLE
   */
  versions(subject: string): Promise<readonly RegisteredSchema[]>;

  /**
   * The level that holds for a subject: its own, else the global one. @throws REGISTRY_UNAVAILABLE
   */
  compatibility(subject: string): Promise<CompatibilityLevel>;

  /** Sets a subject's own level; the subject need not exist yet. @throws REGISTRY_UNAVAILABLE */
  setCompatibility(subject: string, level: CompatibilityLevel): Promise<void>;

  close(): Promise<void>;
}
