import type { HistoryReport } from '../avro/compatibility/check-history.ts';
import type { CompatibilityLevel, RegisteredSchema, SchemaReference } from './schema-registry.ts';

/**
 * Whether clients may write: yes (READWRITE), no (READONLY; READONLY_OVERRIDE also overrides a
 * subject's own mode), or with their own ids and versions (IMPORT).
 */
export type RegistryMode = 'READWRITE' | 'READONLY' | 'READONLY_OVERRIDE' | 'IMPORT';

/** Live versions, soft-deleted versions, or both. */
export type VersionScope = 'live' | 'deleted' | 'all';

/** A schema as a client sends it. */
export interface SchemaDraft {
  readonly schemaText: string;
  readonly references?: readonly SchemaReference[];
  /** True: use the normal form that equal schemas share instead of the given text. */
  readonly normalize?: boolean;
}

/**
 * A draft to register. `id` and `version` only in mode IMPORT (a version also in other modes, if it
 * is the next one).
 */
export interface Registration extends SchemaDraft {
  readonly id?: number;
  readonly version?: number;
}

/** A stored version. */
export interface StoredVersion extends RegisteredSchema {
  readonly deleted: boolean;
}

/** A stored schema, whichever subjects have it. */
export interface StoredSchema {
  readonly id: number;
  readonly schemaText: string;
  readonly references?: readonly SchemaReference[];
}

/** A setting of a subject, or the global one (`subject` null). */
export interface SubjectSetting<Value> {
  /** Returns the subject's own value, null if it has none; the global value is never null. */
  own(subject: string | null): Promise<Value | null>;
  set(subject: string | null, value: Value, options?: { readonly force?: boolean }): Promise<void>;
  /**
   * Removes a subject's value, so that the global one applies; resets the global value to its
   * default.
   */
  clear(subject: string | null): Promise<void>;
}

/**
 * The store behind a registry's REST API. Refusals are `RepriseError`s whose facts hold the API's
 * `errorCode` and `words`. Every method may throw REGISTRY_UNAVAILABLE and NOT_MIGRATED.
 */
export interface RegistryStore {
  /** Returns the subjects, sorted. */
  subjects(scope: VersionScope, prefix?: string): Promise<readonly string[]>;
  /** Returns versions, oldest first; empty if there are none. */
  versions(subject: string, scope: VersionScope): Promise<readonly StoredVersion[]>;
  /** Returns one version. @throws UNKNOWN_SUBJECT, REGISTRY_REFUSED (40402) */
  version(subject: string, version: number | 'latest', scope: VersionScope): Promise<StoredVersion>;
  /** Returns the ids of schemas that refer to the version, ascending. */
  referencedBy(version: StoredVersion): Promise<readonly number[]>;
  /**
   * Returns the schema of an id. @throws UNKNOWN_SCHEMA_ID also if all versions with it are deleted
   * permanently
   */
  schema(id: number): Promise<StoredSchema>;
  /** Returns a schema's text with all referenced types inlined. @throws UNKNOWN_SCHEMA_ID */
  selfContainedText(id: number): Promise<string>;
  /** Returns the subjects and versions that have a schema, sorted. */
  usesOf(
    id: number,
    scope: VersionScope,
  ): Promise<readonly { readonly subject: string; readonly version: number }[]>;

  /** Registers a schema. @throws INCOMPATIBLE_SCHEMA, REGISTRY_REFUSED (42201, 42205) */
  register(subject: string, registration: Registration): Promise<RegisteredSchema>;
  /**
   * Returns the version of a subject that has this schema. @throws UNKNOWN_SUBJECT,
   * UNKNOWN_SCHEMA_ID, REGISTRY_REFUSED (42201)
   */
  find(subject: string, draft: SchemaDraft, scope: VersionScope): Promise<StoredVersion>;
  /**
   * Checks a schema against one version, or against those that the subject's level requires.
   * @throws REGISTRY_REFUSED (40402, 42201)
   */
  check(
    subject: string,
    draft: SchemaDraft,
    against: number | 'latest' | 'all',
  ): Promise<HistoryReport>;

  /**
   * Deletes a subject. @returns the versions deleted @throws UNKNOWN_SUBJECT, REGISTRY_REFUSED
   * (40404, 40405, 42205, 42206)
   */
  deleteSubject(subject: string, permanent: boolean): Promise<readonly number[]>;
  /**
   * Deletes a version. @returns the version deleted @throws UNKNOWN_SUBJECT, REGISTRY_REFUSED
   * (40402, 40406, 40407, 42205, 42206)
   */
  deleteVersion(subject: string, version: number | 'latest', permanent: boolean): Promise<number>;

  /**
   * Levels; globally BACKWARD_TRANSITIVE until set. Changes are refused if the mode forbids
   * writing: REGISTRY_REFUSED (42205).
   */
  readonly levels: SubjectSetting<CompatibilityLevel>;
  /**
   * Modes; globally READWRITE until set. IMPORT is refused (42205) if there are versions, unless
   * forced.
   */
  readonly modes: SubjectSetting<RegistryMode>;
}
