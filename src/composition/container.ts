import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Newable } from 'inversify';
import { Container } from 'inversify';
import type { Pool } from 'pg';
import type { ResolvedConfig } from '../config/reprise-config.ts';
import type { DataKeys } from '../erasure/data-keys.ts';
import { noDataKeys } from '../erasure/data-keys.ts';
import { localKeyProvider } from '../erasure/local-key-provider.ts';
import { PostgresDataKeys } from '../erasure/postgres/postgres-data-keys.ts';
import type { EventLog } from '../log/event-log.ts';
import { createKafkaLog } from '../log/kafka/kafka-log.ts';
import { createPostgresLog } from '../log/postgres/postgres-log.ts';
import { createLogger } from '../observe/logger.ts';
import { compileProjections } from '../projection/compile/compile-projection.ts';
import { DeclaredProjections } from '../projection/plan/declared-projections.ts';
import type { Projection } from '../projection/plan/projection.ts';
import { createPublisher } from '../publish/create-publisher.ts';
import { createKnex, createPool } from '../readmodel/pool.ts';
import { createReadModels } from '../readmodel/read-models.ts';
import { cachedRegistry } from '../registry/cached-registry.ts';
import { createConfluentRegistry } from '../registry/confluent/confluent-registry.ts';
import { readIdentity } from '../registry/postgres/export-registry.ts';
import { createPostgresRegistry } from '../registry/postgres/postgres-registry.ts';
import { createRunner } from '../runner/runner.ts';
import { boundLog, boundRegistry, RegistryBinding } from './bound-log.ts';
import { OWN_TOKENS, TOKENS } from './tokens.ts';

/**
 * Creates the composition root, which maps tokens to objects. Each object is created once, when it
 * is first requested, so a command that needs only Postgres never connects to Kafka. The caller
 * binds `TOKENS.databaseUrl` once the database is available.
 */
export function createContainer(config: ResolvedConfig): Container {
  const container = new Container({ defaultScope: 'Singleton' });
  bindConnections(container, config);
  container.bind(TOKENS.plans).toDynamicValue(() => compileAll(container, config));
  container
    .bind(TOKENS.publisher)
    .toDynamicValue((context) =>
      createPublisher({
        log: context.get(TOKENS.log),
        registry: context.get(TOKENS.registry),
        subjects: config.subjects,
        dataKeys: context.get(OWN_TOKENS.dataKeys),
      }),
    )
    .onDeactivation((publisher) => publisher.close());
  container.bind(TOKENS.readModels).toDynamicValue((context) =>
    createReadModels({
      knex: context.get(TOKENS.knex),
      pool: context.get(TOKENS.pool),
      declared: new DeclaredProjections(config.projections, context.get(TOKENS.plans)),
    }),
  );
  container.bind(OWN_TOKENS.runnerSettings).toDynamicValue((context) => ({
    pool: context.get(TOKENS.pool),
    log: context.get(TOKENS.log),
    registry: context.get(TOKENS.registry),
    dataKeys: context.get(OWN_TOKENS.dataKeys),
    logger: context.get(TOKENS.logger),
    owner: `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`,
    onError: config.onError,
    leaseMs: config.leaseMs,
    subjects: config.subjects,
    confinedTo: config.tasks ?? null,
    generatedCode: config.generatedCode,
    ownRun: { isUnderWay: false },
  }));
  container
    .bind(TOKENS.runner)
    .toDynamicValue((context) =>
      createRunner(context.get(OWN_TOKENS.runnerSettings), context.get(TOKENS.plans)),
    )
    .onDeactivation((runner) => runner.stop());
  return container;
}

function bindConnections(container: Container, config: ResolvedConfig): void {
  container.bind(TOKENS.logger).toDynamicValue(() => createLogger({ level: config.logLevel }));
  container
    .bind(TOKENS.pool)
    .toDynamicValue((context) => createPool({ url: context.get(TOKENS.databaseUrl) }))
    .onDeactivation((pool) => pool.end());
  container
    .bind(TOKENS.knex)
    .toDynamicValue((context) => createKnex({ url: context.get(TOKENS.databaseUrl) }))
    .onDeactivation((knex) => knex.destroy());
  const bindings = new Map<'binding', RegistryBinding>();
  container
    .bind(TOKENS.log)
    .toDynamicValue((context) => {
      if (config.log.type === 'postgres') {
        return createPostgresLog({
          pool: context.get(TOKENS.pool),
          url: context.get(TOKENS.databaseUrl),
        });
      }
      const log = createKafkaLog({
        logger: ({ facts, message }) => context.get(TOKENS.logger).debug(facts, message),
        ...config.log,
      });
      if (config.registry.type !== 'postgres') return log;
      const binding = createBinding(container, config, log);
      bindings.set('binding', binding);
      return boundLog(log, binding);
    })
    .onDeactivation((log) => log.close());
  container
    .bind(OWN_TOKENS.dataKeys)
    .toDynamicValue((context) => createDataKeys(config, () => context.get(TOKENS.pool)));
  container
    .bind(TOKENS.registry)
    .toDynamicValue((context) => {
      if (config.registry.type !== 'postgres') {
        const { compatibility } = config;
        return cachedRegistry(createConfluentRegistry({ ...config.registry, compatibility }));
      }
      const registry = cachedRegistry(createPostgresRegistry({ pool: context.get(TOKENS.pool) }));
      context.get(TOKENS.log); // creates the binding, if the log is not in the same database
      const binding = bindings.get('binding');
      return binding === undefined ? registry : boundRegistry(registry, binding);
    })
    .onDeactivation((registry) => registry.close());
}

/** Binds a log on Kafka to a registry in Postgres, because the two can be separated. */
function createBinding(container: Container, config: ResolvedConfig, log: EventLog) {
  return new RegistryBinding({
    log,
    identity: () => readIdentity(container.get(TOKENS.pool)),
    topics: () => {
      const read = container
        .get(TOKENS.plans)
        .flatMap(({ sources, emissions }) => [
          ...sources.map(({ event }) => event),
          ...emissions.map(({ event }) => event),
        ]);
      const avro = [...config.events, ...read].filter(({ format }) => format === 'avro');
      return new Set(avro.map(({ topic }) => topic));
    },
    onForbidden: ({ message }) =>
      container
        .get(TOKENS.logger)
        .warn(
          `topics are not bound to their registry, because the log does not permit it: ${message}`,
        ),
  });
}

function createDataKeys({ erasure }: ResolvedConfig, pool: () => Pool): DataKeys {
  if (erasure === undefined) return noDataKeys;
  const provider =
    'keyProvider' in erasure ? erasure.keyProvider : localKeyProvider(erasure.wrappingKeys);
  return new PostgresDataKeys({ pool: pool(), provider });
}

/**
 * Creates projections through the container, so that services are injected into their constructors.
 */
function compileAll(container: Container, config: ResolvedConfig) {
  const projections = config.projections.map((projectionClass) => {
    const identifier = projectionClass as Newable<Projection>;
    if (!container.isBound(identifier)) container.bind(identifier).toSelf();
    return container.get(identifier);
  });
  return compileProjections(projections);
}
