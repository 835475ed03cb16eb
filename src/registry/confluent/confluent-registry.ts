import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import type { CompatibilityLevel, RegisteredSchema, SchemaRegistry } from '../schema-registry.ts';
import { explainedRefusal } from './explained-refusal.ts';
import { type Registration, registerByPackage } from './register-by-package.ts';
import {
  type RegistryAnswer,
  type RegistryConnection,
  refused,
  requestRegistry,
  unavailable,
  wordsOf,
} from './request-registry.ts';
import { referencesIn, selfContainedText } from './self-contained-text.ts';

/** Options of `createConfluentRegistry`. */
export interface ConfluentRegistryOptions {
  /** `http://host:8081`; credentials in it are used as basic authentication. */
  readonly url: string;
  readonly auth?:
    | { readonly username: string; readonly password: string }
    | { readonly bearer: string };
  /** Timeout of a request in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * Level that is set on a new subject before its first version is registered, so that it holds
   * from the start. Default BACKWARD_TRANSITIVE.
   */
  readonly compatibility?: CompatibilityLevel;
}

const NO_SUBJECT = 40401;
const NO_SCHEMA = 40403;
const LOOKS_MAX = 5;

/**
 * Creates a client of Confluent's REST API. It registers through
 * @kafkajs/confluent-schema-registry. It does not read through that package, which returns parsed
 * types (without logical types) instead of the text, and drops the registry's error codes.
 */
export function createConfluentRegistry(options: ConfluentRegistryOptions): SchemaRegistry {
  const connection = connectionOf(options);
  const level = options.compatibility ?? 'BACKWARD_TRANSITIVE';
  return {
    kind: 'confluent',
    register: (subject, schemaText, references = []) =>
      register(connection, level, { subject, schemaText, references }),
    schemaById: (id) => schemaById(connection, id),
    latest: (subject) => versionOf(connection, subject, 'latest'),
    subjects: () => subjects(connection),
    versions: async (subject) => {
      const numbers = await versionNumbers(connection, subject);
      return Promise.all(numbers.map((number) => versionOf(connection, subject, number)));
    },
    compatibility: async (subject) => {
      const own = await ownLevel(connection, subject);
      return own ?? globalLevel(connection);
    },
    setCompatibility: (subject, wanted) => setLevel(connection, subject, wanted),
    close: async () => undefined,
  };
}

/**
 * Registers a schema: 1 set the level of a subject without versions, because the package would set
 * it only after an unchecked first version; 2 register; 3 ask for the version of the text, which
 * the answer to 2 does not contain.
 */
async function register(
  connection: RegistryConnection,
  level: CompatibilityLevel,
  schema: Omit<Registration, 'level'>,
): Promise<RegisteredSchema> {
  const { subject, schemaText, references } = schema;
  await registerAtLevel(connection, level, schema).catch(async (error: unknown) => {
    if (!isRepriseError(error, 'INCOMPATIBLE_SCHEMA')) throw error;
    throw await explained(connection, schema, error);
  }); // 1, 2
  const path = `/subjects/${encodeURIComponent(subject)}`;
  const answer = await requestRegistry(connection, 'POST', path, {
    schema: schemaText,
    ...(references.length === 0 ? {} : { references }),
  }); // 3
  if (answer.status !== 200) throw refused(connection.url, answer.status, wordsOf(answer.body));
  return registered(connection, answer, schemaText);
}

/** Returns the refusal in reprise's words, from the versions that the registry compared. */
async function explained(
  connection: RegistryConnection,
  { subject, schemaText, references }: Omit<Registration, 'level'>,
  refusal: RepriseError,
): Promise<RepriseError> {
  const numbers = await versionNumbers(connection, subject);
  const versions = await Promise.all(
    numbers.map(async (version) => {
      const found = await versionOf(connection, subject, version);
      const text = found.references === undefined ? found.schemaText : null;
      return { version, standalone: text ?? (await schemaById(connection, found.id)) };
    }),
  );
  return explainedRefusal(refusal, `The registry at ${connection.url}`, {
    subject,
    schemaText: await selfContainedText(connection, schemaText, references),
    level: (await ownLevel(connection, subject)) ?? (await globalLevel(connection)),
    versions,
  });
}

/**
 * Registers at the subject's level. Another client may set the level between our read and the
 * package's: then read it again.
 */
async function registerAtLevel(
  connection: RegistryConnection,
  level: CompatibilityLevel,
  schema: Omit<Registration, 'level'>,
): Promise<void> {
  const { subject } = schema;
  for (let attempt = 0; attempt < LOOKS_MAX; attempt += 1) {
    let own = await ownLevel(connection, subject);
    if (own === null && (await versionNumbers(connection, subject)).length === 0) {
      await setLevel(connection, subject, level);
      own = level;
    }
    if ((await registerByPackage(connection, { ...schema, level: own })) !== null) return;
  }
  throw unavailable(connection.url, `the level of ${subject} changes again and again`);
}

async function schemaById(connection: RegistryConnection, id: number): Promise<string> {
  const answer = await requestRegistry(connection, 'GET', `/schemas/ids/${id}`);
  if (answer.status === 200 && 'schema' in answer.body) {
    return selfContainedText(connection, String(answer.body.schema), referencesIn(answer.body));
  }
  if (answer.errorCode === NO_SCHEMA) {
    throw new RepriseError(
      'UNKNOWN_SCHEMA_ID',
      `There is no schema ${id} in the registry at ${connection.url} (${wordsOf(answer.body)}). ` +
        'Check that the records were written with this registry.',
      { facts: { schemaId: id, url: connection.url } },
    );
  }
  throw unexpected(connection, answer);
}

async function versionOf(
  connection: RegistryConnection,
  subject: string,
  version: number | 'latest',
): Promise<RegisteredSchema> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
  const answer = await requestRegistry(connection, 'GET', path);
  if (answer.status === 200) return registered(connection, answer);
  if (answer.errorCode === NO_SUBJECT) {
    throw new RepriseError(
      'UNKNOWN_SUBJECT',
      `There is no subject ${subject} in the registry at ${connection.url}. Register its schema (setUp), or correct the name.`,
      { facts: { subject, url: connection.url } },
    );
  }
  throw unexpected(connection, answer);
}

async function subjects(connection: RegistryConnection): Promise<readonly string[]> {
  const answer = await requestRegistry(connection, 'GET', '/subjects');
  if (answer.status !== 200 || !Array.isArray(answer.body)) throw unexpected(connection, answer);
  return answer.body.map(String).sort();
}

async function versionNumbers(
  connection: RegistryConnection,
  subject: string,
): Promise<readonly number[]> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  const answer = await requestRegistry(connection, 'GET', path);
  if (answer.errorCode === NO_SUBJECT) return [];
  if (answer.status !== 200 || !Array.isArray(answer.body)) throw unexpected(connection, answer);
  return answer.body.map(Number).sort((a, b) => a - b);
}

async function ownLevel(
  connection: RegistryConnection,
  subject: string,
): Promise<CompatibilityLevel | null> {
  const path = `/config/${encodeURIComponent(subject)}`;
  const answer = await requestRegistry(connection, 'GET', path);
  return answer.status === 404 && answer.errorCode !== 404 ? null : levelIn(connection, answer);
}

async function globalLevel(connection: RegistryConnection): Promise<CompatibilityLevel> {
  return levelIn(connection, await requestRegistry(connection, 'GET', '/config'));
}

function levelIn(connection: RegistryConnection, answer: RegistryAnswer): CompatibilityLevel {
  if (answer.status === 200 && 'compatibilityLevel' in answer.body) {
    return String(answer.body.compatibilityLevel).toUpperCase() as CompatibilityLevel;
  }
  throw unexpected(connection, answer);
}

async function setLevel(
  connection: RegistryConnection,
  subject: string,
  level: CompatibilityLevel,
): Promise<void> {
  const path = `/config/${encodeURIComponent(subject)}`;
  const answer = await requestRegistry(connection, 'PUT', path, { compatibility: level });
  if (answer.status !== 200) throw refused(connection.url, answer.status, wordsOf(answer.body));
}

function registered(
  connection: RegistryConnection,
  answer: RegistryAnswer,
  sent?: string,
): RegisteredSchema {
  const { subject, version, id, schema = sent } = answer.body as Record<string, unknown>;
  if (typeof version !== 'number' || typeof id !== 'number' || typeof schema !== 'string') {
    throw unexpected(connection, answer);
  }
  const references = referencesIn(answer.body);
  const from = references.length === 0 ? {} : { references };
  return { subject: String(subject), version, id, schemaText: schema, ...from };
}

function unexpected({ url }: RegistryConnection, answer: RegistryAnswer): RepriseError {
  return unavailable(
    url,
    `it gave an answer that Confluent's API does not have here (${answer.status}: ${JSON.stringify(answer.body).slice(0, 200)})`,
  );
}

function connectionOf(options: ConfluentRegistryOptions): RegistryConnection {
  const parsed = new URL(options.url);
  const { username, password } = parsed;
  parsed.username = '';
  parsed.password = '';
  const auth =
    options.auth ??
    (username === ''
      ? undefined
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) });
  return {
    url: parsed.href.replace(/\/+$/, ''),
    authorization: auth === undefined ? null : authorizationOf(auth),
    timeoutMs: options.timeoutMs ?? 10_000,
  };
}

function authorizationOf(auth: NonNullable<ConfluentRegistryOptions['auth']>): string {
  return 'bearer' in auth
    ? `Bearer ${auth.bearer}`
    : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
}
