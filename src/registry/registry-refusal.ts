import { type ErrorCode, type ErrorFacts, RepriseError } from '../reprise-error.ts';

/** Error codes of Confluent's REST API; the first three digits are the HTTP status. */
export const REGISTRY_ERRORS = {
  subjectNotFound: 40401,
  versionNotFound: 40402,
  schemaNotFound: 40403,
  subjectSoftDeleted: 40404,
  subjectNotSoftDeleted: 40405,
  versionSoftDeleted: 40406,
  versionNotSoftDeleted: 40407,
  noSubjectLevel: 40408,
  noSubjectMode: 40409,
  incompatibleSchema: 409,
  invalidSchema: 42201,
  invalidVersion: 42202,
  invalidLevel: 42203,
  invalidMode: 42204,
  notPermitted: 42205,
  referenceExists: 42206,
  invalidSubject: 42208,
  invalidRuleSet: 42210,
  store: 50001,
} as const;

/** An error code of Confluent's REST API. */
export type RegistryErrorCode = (typeof REGISTRY_ERRORS)[keyof typeof REGISTRY_ERRORS];

const CODES: Readonly<Record<number, ErrorCode>> = {
  [REGISTRY_ERRORS.subjectNotFound]: 'UNKNOWN_SUBJECT',
  [REGISTRY_ERRORS.schemaNotFound]: 'UNKNOWN_SCHEMA_ID',
};

/**
 * Creates the error for a request that reprise's registry refuses. The message for the REST API
 * (`words`) and its code are kept in the facts.
 */
export function registryRefusal(
  errorCode: RegistryErrorCode,
  words: string,
  options: { readonly facts?: ErrorFacts; readonly cause?: unknown; readonly toDo?: string } = {},
): RepriseError {
  const { facts = {}, cause, toDo = 'Correct the request.' } = options;
  return new RepriseError(
    CODES[errorCode] ?? 'REGISTRY_REFUSED',
    `The registry kept in Postgres refused (${errorCode}): ${words.replace(/\.?$/, '.')} ${toDo}`,
    { cause, facts: { ...facts, errorCode, words } },
  );
}

/** Creates the error for an unknown subject. */
export function unknownSubject(subject: string): RepriseError {
  return registryRefusal(REGISTRY_ERRORS.subjectNotFound, `Subject '${subject}' not found.`, {
    facts: { subject },
    toDo: 'Register its schema (setUp), or correct the name.',
  });
}

/** Creates the error for an unknown version. */
export function unknownVersion(subject: string, version: number): RepriseError {
  return registryRefusal(REGISTRY_ERRORS.versionNotFound, `Version ${version} not found.`, {
    facts: { subject, version },
  });
}

/** Creates the error for an id that no version has. */
export function unknownSchemaId(id: number): RepriseError {
  return registryRefusal(REGISTRY_ERRORS.schemaNotFound, `Schema ${id} not found`, {
    facts: { schemaId: id },
    toDo: 'Register it, or check that the records were written with this registry.',
  });
}

/** Creates the error for a change that the mode of a subject forbids, or that would overwrite. */
export function notPermitted(words: string, subject: string): RepriseError {
  return registryRefusal(REGISTRY_ERRORS.notPermitted, words, { facts: { subject } });
}
