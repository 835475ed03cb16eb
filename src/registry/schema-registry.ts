import type { CompatibilityLevel } from '../avro/compatibility/compatibility-level.ts';

export type { CompatibilityLevel } from '../avro/compatibility/compatibility-level.ts';

/** A reference of a schema: the registered version that defines a named type. */
export interface SchemaReference {
  /** The name in the referring schema; for Avro the full name of the type. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/**
 * One registered version of a subject. `id` is global: the same text has one id in every subject.
 */
export interface RegisteredSchema {
  readonly subject: string;
  /** Version number in the subject, from 1, ascending. */
  readonly version: number;
  readonly id: number;
  /**
   * Verbatim in reprise's registry. A foreign registry may have serialized it again: never compare
   * it byte for byte.
   */
  readonly schemaText: string;
  /** Versions of other subjects that define named types of the text; absent: none. */
  readonly references?: readonly SchemaReference[];
}

/**
 * The port to a schema registry. Adapters: `confluent` (HTTP), `postgres`; one contract suite for
 * both.
 * @example
 * const { version, id } = await app.registry.latest('user-actions-reprise.example.UserActed');
 */
export interface SchemaRegistry {
  readonly kind: 'confluent' | 'postgres';

  /**
   * Registers Avro schema text under a subject. The same schema again returns the same version and
   * id. `references`: the registered versions that define names missing in the text. @throws
   * REGISTRY_REFUSED, INCOMPATIBLE_SCHEMA, REGISTRY_UNAVAILABLE
   */
  register(
    subject: string,
    schemaText: string,
    references?: readonly SchemaReference[],
  ): Promise<RegisteredSchema>;

  /**
   * Returns the text of a global id, self-contained: referenced types are inlined. @throws
   * UNKNOWN_SCHEMA_ID, REGISTRY_UNAVAILABLE
   */
  schemaById(id: number): Promise<string>;

  /** Returns the newest version of a subject. @throws UNKNOWN_SUBJECT, REGISTRY_UNAVAILABLE */
  latest(subject: string): Promise<RegisteredSchema>;

  /** Returns all subjects that have versions, sorted. @throws REGISTRY_UNAVAILABLE */
  subjects(): Promise<readonly string[]>;

  /**
   * Returns all versions of a subject, oldest first; empty if the subject is unknown. @throws
   * REGISTRY_UNAVAILABLE
   */
  versions(subject: string): Promise<readonly RegisteredSchema[]>;

  /**
   * Returns the level that applies to a subject: its own, otherwise the global one. @throws
   * REGISTRY_UNAVAILABLE
   */
  compatibility(subject: string): Promise<CompatibilityLevel>;

  /** Sets a subject's own level; the subject need not exist yet. @throws REGISTRY_UNAVAILABLE */
  setCompatibility(subject: string, level: CompatibilityLevel): Promise<void>;

  close(): Promise<void>;
}
