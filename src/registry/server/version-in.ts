import { z } from 'zod';
import { REGISTRY_ERRORS, registryRefusal } from '../registry-refusal.ts';
import type { Registration, VersionScope } from '../registry-store.ts';

/** A parsed query string. */
export type Query = Readonly<Record<string, string | undefined>>;
/** Parameters of a path with a subject. */
export interface SubjectPath {
  readonly subject: string;
}
/** Parameters of a path with a version. */
export interface VersionPath extends SubjectPath {
  readonly version: string;
}

const VERSION_MAX = 2 ** 31 - 1;

/** True for `true` in any case; Python's clients write `True`. */
export function flag(query: unknown, name: string): boolean {
  return String((query as Query)[name]).toLowerCase() === 'true';
}

/** Returns the scope that `deleted` and `deletedOnly` request. */
export function scopeOf(query: unknown): VersionScope {
  if (flag(query, 'deletedOnly')) return 'deleted';
  return flag(query, 'deleted') ? 'all' : 'live';
}

/**
 * Parses the version in a path; `latest` and -1 are the latest. @throws REGISTRY_REFUSED (42202)
 */
export function versionIn(text: string): number | 'latest' {
  if (text === 'latest' || text === '-1') return 'latest';
  const version = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (version >= 1 && version <= VERSION_MAX) return version;
  throw registryRefusal(
    REGISTRY_ERRORS.invalidVersion,
    `The specified version '${text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
  );
}

const count = z.number().int().max(VERSION_MAX);
const draftBody = z.object({
  schema: z.string().nullish(),
  schemaType: z.string().nullish(),
  references: z
    .array(z.object({ name: z.string(), subject: z.string(), version: count.min(1) }))
    .nullish(),
  id: count.nullish(),
  version: count.nullish(),
  metadata: z.unknown().optional(),
  ruleSet: z.unknown().optional(),
});

/**
 * Parses the schema in a body. @throws REGISTRY_REFUSED (42201, 42210), also for what this registry
 * does not support: types other than Avro, metadata, rules
 */
export function draftIn(body: unknown, query: unknown): Registration {
  const parsed = draftBody.safeParse(body ?? {});
  if (!parsed.success) throw invalid(issuesOf(parsed.error));
  const { schema, schemaType, references, id, version, metadata, ruleSet } = parsed.data;
  if ((schemaType ?? 'AVRO').toUpperCase() !== 'AVRO') {
    throw invalid(`Invalid schema type ${schemaType}; this registry keeps AVRO`);
  }
  if (ruleSet !== undefined && ruleSet !== null) {
    const words = 'This registry does not keep rule sets; what they ask of clients would be lost';
    throw registryRefusal(REGISTRY_ERRORS.invalidRuleSet, words);
  }
  if (metadata !== undefined && metadata !== null) {
    throw invalid('This registry does not keep metadata; put it into the schema as attributes');
  }
  if (schema === undefined || schema === null || schema.trim() === '')
    throw invalid('Empty schema');
  return {
    schemaText: schema,
    normalize: flag(query, 'normalize'),
    ...(references ? { references } : {}),
    // Clients send 0 and -1 for "none".
    ...(id && id > 0 ? { id } : {}),
    ...(version && version > 0 ? { version } : {}),
  };
}

function invalid(words: string) {
  return registryRefusal(REGISTRY_ERRORS.invalidSchema, words);
}

function issuesOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
    .join('; ');
}
