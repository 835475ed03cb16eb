import { describe, expect, it } from 'vitest';
import { ENVIRONMENT_VARIABLES } from '../../../src/config/environment.ts';
import { nearestKey } from '../../../src/config/nearest-key.ts';
import type { RepriseConfig } from '../../../src/config/reprise-config.ts';
import { resolveConfig } from '../../../src/config/resolve-config.ts';
import { isRepriseError } from '../../../src/reprise-error.ts';

const minimal: RepriseConfig = { projections: [], events: [] };

function messageOf(input: unknown, environment: Record<string, string> = {}): string {
  try {
    resolveConfig(input as RepriseConfig, environment);
  } catch (error) {
    if (isRepriseError(error, 'CONFIG_INVALID')) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('resolveConfig', () => {
  it('keeps everything in an embedded Postgres by default', () => {
    expect(resolveConfig(minimal, {})).toEqual({
      projections: [],
      events: [],
      schemasDirectory: './schemas',
      subjects: {},
      compatibility: 'BACKWARD_TRANSITIVE',
      log: { type: 'postgres' },
      registry: { type: 'postgres' },
      registryServer: {},
      database: { type: 'embedded', dataDirectory: './.reprise/postgres' },
      topicPartitions: 4,
      onError: 'fail',
      leaseMs: 10_000,
      generatedCode: true,
      logLevel: 'info',
      dev: undefined,
    });
  });

  it('fills in what an error policy leaves open', () => {
    const { onError } = resolveConfig(
      { ...minimal, onError: { live: { policy: 'retryAndSkip', attempts: 5 } } },
      {},
    );
    expect(onError).toEqual({
      live: { policy: 'retryAndSkip', attempts: 5, initialMs: 100, factor: 2 },
      rebuild: 'fail',
    });
  });

  it('names an unknown key, its place and the nearest known one', () => {
    expect(messageOf({ ...minimal, projection: [] })).toContain(
      'unknown key "projection"; did you mean "projections"?',
    );
    const log = { type: 'kafka', brokers: ['localhost:9092'], cliendId: 'x' };
    expect(messageOf({ ...minimal, log })).toContain(
      'unknown key "cliendId" in "log"; did you mean "clientId"?',
    );
  });

  it('lists the known keys where none is near', () => {
    expect(messageOf({ ...minimal, qqqqqq: 1 })).toContain('known keys are projections, events');
  });

  it.each([
    [{ ...minimal, topicPartitions: 0 }, '"topicPartitions"'],
    [{ ...minimal, onError: 'halt' }, '"onError" takes fail, skip,'],
    [
      { ...minimal, onError: { live: { policy: 'retryAndSkip', attempts: 0 } } },
      '"onError" live: attempts is 1 to 1000, not 0.',
    ],
    [{ ...minimal, log: { type: 'kafka', brokers: ['localhost'] } }, 'must be host:port'],
    [{ ...minimal, log: { type: 'kafka' } }, '"log.brokers" is missing'],
    [{ ...minimal, database: { type: 'url', url: 'nowhere' } }, '"database.url" must be a URL'],
    [{ ...minimal, projections: [{}] }, '"projections.0" must be a projection class'],
    [{ events: [] }, '"projections" is missing; it must be an array'],
    [{ ...minimal, log: { type: 'rabbit' } }, '"log'],
  ])('says which key is wrong: %#', (input, expected) => {
    expect(messageOf(input)).toContain(expected);
  });

  it('lets the environment choose database, log and registry', () => {
    const resolved = resolveConfig(minimal, {
      REPRISE_DATABASE_URL: 'postgres://me:secret@db/app',
      REPRISE_KAFKA_BROKERS: 'a:1, b:2',
      REPRISE_KAFKA_SSL: 'true',
      REPRISE_KAFKA_SASL_USERNAME: 'me',
      REPRISE_KAFKA_SASL_PASSWORD: 'secret',
      REPRISE_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
      REPRISE_REGISTRY_URL: 'http://registry:8081',
      REPRISE_REGISTRY_USERNAME: 'me',
      REPRISE_REGISTRY_PASSWORD: 'secret',
      REPRISE_REBUILD_WORKERS: '3',
      REPRISE_LOG_LEVEL: 'debug',
    });
    expect(resolved).toMatchObject({
      rebuildWorkers: 3,
      database: { type: 'url', url: 'postgres://me:secret@db/app' },
      log: {
        type: 'kafka',
        brokers: ['a:1', 'b:2'],
        ssl: true,
        sasl: { mechanism: 'scram-sha-256', username: 'me', password: 'secret' },
      },
      registry: {
        type: 'confluent',
        url: 'http://registry:8081',
        auth: { username: 'me', password: 'secret' },
      },
      logLevel: 'debug',
    });
  });

  it('takes the token of the registry from the environment, not beside a user name', () => {
    const registry = { type: 'confluent', url: 'http://registry:8081' } as const;
    const environment = { REPRISE_REGISTRY_TOKEN: 'secret' };
    expect(resolveConfig({ ...minimal, registry }, environment).registry).toEqual({
      ...registry,
      auth: { bearer: 'secret' },
    });
    const withUser = { ...registry, username: 'me', password: 'mine' };
    expect(messageOf({ ...minimal, registry: withUser }, environment)).toContain(
      'has both a username and a token',
    );
  });

  it.each([
    ['REPRISE_DATABASE_URL', 'nowhere'],
    ['REPRISE_KAFKA_BROKERS', 'no-port'],
    ['REPRISE_REGISTRY_URL', 'nowhere'],
    ['REPRISE_REBUILD_WORKERS', 'all'],
    ['REPRISE_REBUILD_WORKERS', '0'],
    ['REPRISE_LOG_LEVEL', 'loud'],
  ])('names the environment variable %s when its value is wrong', (name, value) => {
    expect(messageOf(minimal, { [name]: value })).toContain(`environment variable ${name}`);
  });

  it('takes an empty environment variable for one that is not set', () => {
    const empty = Object.fromEntries(ENVIRONMENT_VARIABLES.map(({ name }) => [name, '']));
    expect(resolveConfig(minimal, empty)).toEqual(resolveConfig(minimal, {}));
  });
});

describe('nearestKey', () => {
  it('finds the word that was meant', () => {
    expect(nearestKey('regsitry', ['log', 'registry'])).toBe('registry');
  });

  it('finds nothing when nothing is near', () => {
    expect(nearestKey('banana', ['log', 'registry'])).toBeNull();
  });
});
