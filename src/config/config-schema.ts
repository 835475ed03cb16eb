import type { ConnectionOptions } from 'node:tls';
import { z } from 'zod';
import { COMPATIBILITY_LEVELS } from '../avro/compatibility/compatibility-level.ts';
import type { KeyProvider } from '../erasure/key-provider.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { SUBJECT_STRATEGIES } from '../event/subject-of.ts';
import { DEFAULT_RETRIES, ERROR_POLICIES, RETRY_BOUNDS } from '../projection/plan/error-policy.ts';
import type { DevConfig, ProjectionClass } from './reprise-config.ts';

const portMax = 65_535;
const milliseconds = z.number().int().positive().optional();
const broker = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$|^\[[^\]]+\]:\d{1,5}$/, 'must be host:port, such as localhost:9092');

function urlOf(protocol: RegExp, example: string) {
  return z.url({ protocol, error: () => `must be a URL such as ${example}` });
}

const sasl = z.discriminatedUnion('mechanism', [
  z.strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: z.string().min(1),
    password: z.string(),
  }),
  z.strictObject({
    mechanism: z.literal('oauthbearer'),
    oauthBearerProvider: z.custom<() => Promise<{ value: string }>>(
      (value) => typeof value === 'function',
      'must be a function',
    ),
  }),
]);

const log = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('postgres') }),
  z.strictObject({
    type: z.literal('kafka'),
    brokers: z.array(broker).min(1, 'must name at least one broker'),
    clientId: z.string().min(1).optional(),
    ssl: z
      .custom<boolean | ConnectionOptions>(
        (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
        'must be true, false, or TLS options',
      )
      .optional(),
    sasl: sasl.optional(),
    connectionTimeoutMs: milliseconds,
    availabilityTimeoutMs: milliseconds,
    requestTimeoutMs: milliseconds,
    deliveryTimeoutMs: milliseconds,
    compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']).optional(),
    unpackedBytesMax: z.number().int().positive().optional(),
    publishOffsets: z.string().min(1).max(180).optional(),
  }),
]);

const registry = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('postgres') }),
  z
    .strictObject({
      type: z.literal('confluent'),
      url: urlOf(/^https?$/, 'http://localhost:8081'),
      username: z.string().min(1).optional(),
      password: z.string().optional(),
      token: z.string().min(1).optional(),
    })
    .refine((given) => (given.username === undefined) === (given.password === undefined), {
      error: 'needs both username and password, or neither',
    })
    .refine((given) => given.username === undefined || given.token === undefined, {
      error: 'has both a username and a token; choose one',
    }),
]);

const registryServer = z.strictObject({
  host: z.string().min(1).optional(),
  port: z.number().int().min(0).max(portMax).optional(),
  users: z
    .array(
      z.strictObject({
        username: z.string().regex(/^[^:]+$/, 'may not contain a colon'),
        password: z.string().min(1),
      }),
    )
    .min(1)
    .optional(),
  tokens: z.array(z.string().min(1)).min(1).optional(),
});

const database = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('url'),
    url: urlOf(/^postgres(ql)?$/, 'postgres://user@localhost/name'),
  }),
  z.strictObject({
    type: z.literal('embedded'),
    dataDirectory: z.string().min(1).default('./.reprise/postgres'),
    port: z.number().int().min(1).max(portMax).optional(),
  }),
]);

const projectionClass = z.custom<ProjectionClass>(
  (value) =>
    typeof value === 'function' &&
    typeof (value as { prototype?: { define?: unknown } }).prototype?.define === 'function',
  'must be a projection class (the class itself, not an instance)',
);

const eventDefinition = z.custom<EventDefinition>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as EventDefinition).topic === 'string' &&
    Array.isArray((value as EventDefinition).fields),
  'must be an event definition (import it from schemas/index.ts, or make it by defineEvent)',
);

const within = ({ min, max }: { readonly min: number; readonly max: number }) =>
  z.number().min(min).max(max);

const errorPolicy = z.union([
  z.enum(ERROR_POLICIES),
  z.strictObject({
    policy: z.enum(['retryAndFail', 'retryAndSkip']),
    attempts: within(RETRY_BOUNDS.attempts).int().default(DEFAULT_RETRIES.attempts),
    initialMs: within(RETRY_BOUNDS.initialMs).default(DEFAULT_RETRIES.initialMs),
    factor: within(RETRY_BOUNDS.factor).default(DEFAULT_RETRIES.factor),
  }),
]);

const errorPolicies = z.strictObject({
  live: errorPolicy.default('fail'),
  rebuild: errorPolicy.default('fail'),
});

const erasure = z.union([
  z.strictObject({ wrappingKeys: z.string().min(1) }),
  z.strictObject({
    keyProvider: z.custom<KeyProvider>(
      (value) => typeof (value as KeyProvider | null)?.unwrap === 'function',
      'must have the functions wrap and unwrap',
    ),
  }),
]);

const dev = z.strictObject({
  events: z.custom<DevConfig['events']>(
    (value) => typeof value === 'function',
    'must be a function that gives events',
  ),
  ratePerSecond: z.number().positive().max(1_000_000).default(200),
});

/** The schema of `reprise.config.ts`. Strict, so that a mistyped key is an error. */
export const configSchema = z.strictObject({
  projections: z.array(projectionClass),
  events: z.array(eventDefinition).default([]),
  schemasDirectory: z.string().min(1).default('./schemas'),
  subjects: z.record(z.string().min(1), z.enum(SUBJECT_STRATEGIES)).default({}),
  compatibility: z.enum(COMPATIBILITY_LEVELS).default('BACKWARD_TRANSITIVE'),
  log: log.default({ type: 'postgres' }),
  registry: registry.default({ type: 'postgres' }),
  registryServer: registryServer.default({}),
  database: database.default({ type: 'embedded', dataDirectory: './.reprise/postgres' }),
  topicPartitions: z.number().int().min(1).max(10_000).default(4),
  onError: z.union([errorPolicy, errorPolicies]).default('fail'),
  leaseMs: z.number().int().min(500).max(600_000).default(10_000),
  tasks: z.array(z.string().min(1)).min(1).optional(),
  generatedCode: z.boolean().default(true),
  rebuildWorkers: z.number().int().min(1).max(1_000).optional(),
  erasure: erasure.optional(),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  dev: dev.optional(),
});

/** Valid keys by path in the configuration (with dots); other paths have none. */
export const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(configSchema.shape),
  log: keysOf(log.options),
  'log.sasl': keysOf(sasl.options),
  registry: keysOf(registry.options),
  registryServer: Object.keys(registryServer.shape),
  database: keysOf(database.options),
  erasure: keysOf(erasure.options),
  dev: Object.keys(dev.shape),
};

function keysOf(options: readonly { readonly shape: object }[]): readonly string[] {
  return [...new Set(options.flatMap((option) => Object.keys(option.shape)))];
}
