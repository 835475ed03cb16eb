/** An environment variable that overrides the configuration. */
export interface EnvironmentVariable {
  readonly name: string;
  /** Key of the configuration, as a path with dots. */
  readonly key: string;
  readonly meaning: string;
}

/** All environment variables that reprise reads, in the order of the documentation. */
export const ENVIRONMENT_VARIABLES = [
  {
    name: 'REPRISE_DATABASE_URL',
    key: 'database.url',
    meaning: 'use this Postgres instead of the embedded one',
  },
  {
    name: 'REPRISE_DATA_DIRECTORY',
    key: 'database.dataDirectory',
    meaning: 'where the embedded Postgres keeps its data',
  },
  {
    name: 'REPRISE_KAFKA_BROKERS',
    key: 'log.brokers',
    meaning: 'use Kafka as the log: host:port, several with commas',
  },
  { name: 'REPRISE_KAFKA_SSL', key: 'log.ssl', meaning: 'true or false' },
  {
    name: 'REPRISE_KAFKA_SASL_MECHANISM',
    key: 'log.sasl.mechanism',
    meaning: 'plain, scram-sha-256 or scram-sha-512; default plain',
  },
  { name: 'REPRISE_KAFKA_SASL_USERNAME', key: 'log.sasl.username', meaning: 'user name at Kafka' },
  { name: 'REPRISE_KAFKA_SASL_PASSWORD', key: 'log.sasl.password', meaning: 'password at Kafka' },
  {
    name: 'REPRISE_REGISTRY_URL',
    key: 'registry.url',
    meaning: "use the registry at this address (Confluent's REST API)",
  },
  {
    name: 'REPRISE_REGISTRY_USERNAME',
    key: 'registry.username',
    meaning: 'user name at the registry',
  },
  {
    name: 'REPRISE_REGISTRY_PASSWORD',
    key: 'registry.password',
    meaning: 'password at the registry',
  },
  {
    name: 'REPRISE_REGISTRY_TOKEN',
    key: 'registry.token',
    meaning: 'bearer token at the registry, instead of user name and password',
  },
  {
    name: 'REPRISE_REGISTRY_SERVER_HOST',
    key: 'registryServer.host',
    meaning: 'address at which reprise registry serve listens',
  },
  {
    name: 'REPRISE_REGISTRY_SERVER_PORT',
    key: 'registryServer.port',
    meaning: 'port at which reprise registry serve listens',
  },
  {
    name: 'REPRISE_REGISTRY_SERVER_USERNAME',
    key: 'registryServer.users',
    meaning: 'user name that reprise registry serve asks for',
  },
  {
    name: 'REPRISE_REGISTRY_SERVER_PASSWORD',
    key: 'registryServer.users',
    meaning: 'password that goes with it',
  },
  {
    name: 'REPRISE_REGISTRY_SERVER_TOKEN',
    key: 'registryServer.tokens',
    meaning: 'bearer token that reprise registry serve asks for',
  },
  {
    name: 'REPRISE_LEASE_MS',
    key: 'leaseMs',
    meaning: 'after so many milliseconds of silence an instance is gone',
  },
  {
    name: 'REPRISE_REBUILD_WORKERS',
    key: 'rebuildWorkers',
    meaning: 'threads that share a rebuild',
  },
  {
    name: 'REPRISE_WRAPPING_KEYS',
    key: 'erasure.wrappingKeys',
    meaning:
      'keys that wrap those of pii fields: name:base64, several with commas, the first for new ones',
  },
  {
    name: 'REPRISE_LOG_LEVEL',
    key: 'logLevel',
    meaning: 'fatal, error, warn, info, debug, trace or silent',
  },
] as const satisfies readonly EnvironmentVariable[];

/** Names of the environment variables. */
export type EnvironmentVariableName = (typeof ENVIRONMENT_VARIABLES)[number]['name'];

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

type Section = Readonly<Record<string, unknown>>;

/**
 * Applies environment variables to a configuration that is not validated yet. Empty variables count
 * as unset. Setting a broker, a registry or a database also chooses that type; options of another
 * type in the file are then dropped.
 */
export function applyEnvironment(input: Section, environment: Environment): Section {
  const read = (name: EnvironmentVariableName) => environment[name] || undefined;
  return withoutUndefined({
    ...input,
    database: database(section(input['database']), read),
    log: log(section(input['log']), read),
    registry: registry(section(input['registry']), read),
    registryServer: registryServer(section(input['registryServer']), read),
    erasure: wrappingKeys(read) ?? input['erasure'],
    leaseMs: number(read('REPRISE_LEASE_MS')) ?? input['leaseMs'],
    rebuildWorkers: number(read('REPRISE_REBUILD_WORKERS')) ?? input['rebuildWorkers'],
    logLevel: read('REPRISE_LOG_LEVEL') ?? input['logLevel'],
  });
}

type Read = (name: EnvironmentVariableName) => string | undefined;

function section(value: unknown): Section | undefined {
  return value as Section | undefined;
}

function database(given: Section | undefined, read: Read): Section | undefined {
  const url = read('REPRISE_DATABASE_URL');
  if (url !== undefined) return { type: 'url', url };
  const dataDirectory = read('REPRISE_DATA_DIRECTORY');
  if (dataDirectory === undefined || (given !== undefined && given['type'] !== 'embedded')) {
    return given;
  }
  return { ...given, type: 'embedded', dataDirectory };
}

function log(given: Section | undefined, read: Read): Section | undefined {
  const brokers = read('REPRISE_KAFKA_BROKERS');
  const kafka = given?.['type'] === 'kafka' ? given : undefined;
  if (brokers === undefined && kafka === undefined) return given;
  const ssl = read('REPRISE_KAFKA_SSL');
  return withoutUndefined({
    ...kafka,
    type: 'kafka',
    brokers: brokers?.split(',').map((broker) => broker.trim()) ?? kafka?.['brokers'],
    ssl: ssl === undefined ? kafka?.['ssl'] : flag(ssl),
    sasl: sasl(section(kafka?.['sasl']), read),
  });
}

function sasl(given: Section | undefined, read: Read): Section | undefined {
  const username = read('REPRISE_KAFKA_SASL_USERNAME');
  const password = read('REPRISE_KAFKA_SASL_PASSWORD');
  const mechanism = read('REPRISE_KAFKA_SASL_MECHANISM');
  if ((username ?? password ?? mechanism) === undefined) return given;
  return {
    ...given,
    mechanism: mechanism?.toLowerCase() ?? given?.['mechanism'] ?? 'plain',
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

function registryServer(given: Section | undefined, read: Read): Section | undefined {
  const username = read('REPRISE_REGISTRY_SERVER_USERNAME');
  const password = read('REPRISE_REGISTRY_SERVER_PASSWORD');
  const token = read('REPRISE_REGISTRY_SERVER_TOKEN');
  const from = withoutUndefined({
    host: read('REPRISE_REGISTRY_SERVER_HOST'),
    port: number(read('REPRISE_REGISTRY_SERVER_PORT')),
    users:
      (username ?? password) === undefined ? undefined : [withoutUndefined({ username, password })],
    tokens: token === undefined ? undefined : [token],
  });
  return Object.keys(from).length === 0 ? given : { ...given, ...from };
}

function registry(given: Section | undefined, read: Read): Section | undefined {
  const url = read('REPRISE_REGISTRY_URL');
  const confluent = given?.['type'] === 'confluent' ? given : undefined;
  if (url === undefined && confluent === undefined) return given;
  const username = read('REPRISE_REGISTRY_USERNAME');
  const password = read('REPRISE_REGISTRY_PASSWORD');
  const token = read('REPRISE_REGISTRY_TOKEN');
  return {
    ...confluent,
    type: 'confluent',
    ...(url === undefined ? {} : { url }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  };
}

function wrappingKeys(read: Read): Section | undefined {
  const keys = read('REPRISE_WRAPPING_KEYS');
  return keys === undefined ? undefined : { wrappingKeys: keys };
}

/** Parses a number; keeps other text, which the schema then refuses. */
function number(text: string | undefined): number | string | undefined {
  return text === undefined || !/^\d+$/.test(text) ? text : Number(text);
}

/** Parses words for yes and no; keeps other text, which the schema then refuses. */
function flag(text: string): boolean | string {
  if (['true', '1', 'yes'].includes(text.toLowerCase())) return true;
  return ['false', '0', 'no'].includes(text.toLowerCase()) ? false : text;
}

function withoutUndefined(given: Section): Section {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
