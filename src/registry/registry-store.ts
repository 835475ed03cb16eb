import type { HistoryReport } from '../avro/compatibility/check-history.ts';
import type { CompatibilityLevel, RegisteredSchema, SchemaReference } from './schema-registry.ts';

/**
 * Whether clients may write (READWRITE), may not (READONLY; READONLY_OVERRIDE: whatever a subject's
 * own mode says), or bring ids and versions of their own (IMPORT).
 */
export type RegistryMode = 'READWRITE' | 'READONLY' | 'READONLY_OVERRIDE' | 'IMPORT';

/** Versions that are not deleted, versions deleted softly, or both. */
export type VersionScope = 'live' | 'deleted' | 'all';

/** A schema as a client sends it. */
export interface SchemaDraft {
  readonly schemaText: string;
  readonly references?: readonly SchemaReference[];
  /** Store (or look for) the spelling that equal schemas share, in place of the one sent. */
  readonly normalize?: boolean;
}

/**
 * A draft to register; id and version only in mode IMPORT (a version also elsewhere, if it is the
 * next one).
 */
export interface Registration extends SchemaDraft {
  readonly id?: number;
  readonly version?: number;
}

/** A version as it is stored. */
export interface StoredVersion extends RegisteredSchema {
  readonly deleted: boolean;
}

/** A schema as it is stored, whatever subjects have it. */
export interface StoredSchema {
  readonly id: number;
  readonly schemaText: string;
  readonly references?: readonly SchemaReference[];
}

/** What a subject may have of its own, and all of them together (`subject` null). */
export interface SubjectSetting<Value> {
  /** The subject's own, null where it has none; the global one is never null. */
  own(subject: string | null): Promise<Value | null>;
  set(subject: string | null, value: Value, options?: { readonly force?: boolean }): Promise<void>;
  /** Back to the global one; the global one back to what holds until it is set. */
  clear(subject: string | null): Promise<void>;
}

/**
 * All that a registry's REST API asks of its store. Refusals are `RepriseError`s whose facts hold
 * the API's `errorCode` and `words`. Every method may throw REGISTRY_UNAVAILABLE and NOT_MIGRATED.
 */
export interface RegistryStore {
  /** Sorted. */
  subjects(scope: VersionScope, prefix?: string): Promise<readonly string[]>;
  /** Oldest first; empty when there is none. */
  versions(subject: string, scope: VersionScope): Promise<readonly StoredVersion[]>;
  /** @throws UNKNOWN_SUBJECT, REGISTRY_REFUSED (40402) */
  version(subject: string, version: number | 'latest', scope: VersionScope): Promise<StoredVersion>;
  /** Ids of the schemas that refer to it, ascending. */
  referencedBy(version: StoredVersion): Promise<readonly number[]>;
  /** @throws UNKNOWN_SCHEMA_ID also when every version with it is deleted for good */
  schema(id: number): Promise<StoredSchema>;
  /** Its text with all in it that it refers to. @throws UNKNOWN_SCHEMA_ID */
  selfContainedText(id: number): Promise<string>;
  /** Subjects and versions that have a schema, sorted. */
  usesOf(
    id: number,
    scope: VersionScope,
  ): Promise<readonly { readonly subject: string; readonly version: number }[]>;

  /** @throws INCOMPATIBLE_SCHEMA, REGISTRY_REFUSED (42201, 42205) */
  register(subject: string, registration: Registration): Promise<RegisteredSchema>;
  /**
   * The version of a subject that has this schema. @throws UNKNOWN_SUBJECT, UNKNOWN_SCHEMA_ID,
   * REGISTRY_REFUSED (42201)
   */
  find(subject: string, draft: SchemaDraft, scope: VersionScope): Promise<StoredVersion>;
  /**
   * The verdict on a schema against one version, or against those that the level of the subject
   * asks for. @throws REGISTRY_REFUSED (40402, 42201)
   */
  check(
    subject: string,
    draft: SchemaDraft,
    against: number | 'latest' | 'all',
  ): Promise<HistoryReport>;

  /**
   * @returns the versions deleted @throws UNKNOWN_SUBJECT, REGISTRY_REFUSED (40404, 40405, 42205,
   * 42206)
   */
  deleteSubject(subject: string, permanent: boolean): Promise<readonly number[]>;
  /**
   * @returns the version deleted @throws UNKNOWN_SUBJECT, REGISTRY_REFUSED (40402, 40406, 40407,
   * 42205, 42206)
   */
  deleteVersion(subject: string, version: number | 'latest', permanent: boolean): Promise<number>;

  /**
   * BACKWARD_TRANSITIVE globally until set. Not to be changed where the mode forbids writing:
   * REGISTRY_REFUSED (42205).
   */
  readonly levels: SubjectSetting<CompatibilityLevel>;
  /**
   * READWRITE globally until set. IMPORT is refused (42205) where there are versions, unless
   * forced.
   */
  readonly modes: SubjectSetting<RegistryMode>;
}
