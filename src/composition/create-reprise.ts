import type { Container } from 'inversify';
import type { RepriseConfig, ResolvedConfig } from '../config/reprise-config.ts';
import { resolveConfig } from '../config/resolve-config.ts';
import { migrate } from '../postgres/migrate.ts';
import { DeclaredProjections } from '../projection/plan/declared-projections.ts';
import type { Plan } from '../projection/plan/plan.ts';
import { checkDatabase } from '../readmodel/pool.ts';
import { exportRegistry, importRegistry } from '../registry/postgres/export-registry.ts';
import type { Reprise } from '../reprise.ts';
import { closeConnections } from './close-connections.ts';
import { createContainer } from './container.ts';
import { knownCluster } from './known-cluster.ts';
import { openDatabase } from './open-database.ts';
import { operationsOf } from './operations-of.ts';
import { registryServers } from './registry-servers.ts';
import { setUpTopicsAndSchemas } from './set-up-topics-and-schemas.ts';
import { OWN_TOKENS, TOKENS } from './tokens.ts';

/** See `createReprise` in entry-points.ts. */
export async function createReprise(input: RepriseConfig): Promise<Reprise> {
  const config = resolveConfig(input, process.env);
  const container = createContainer(config);
  const plans = container.get(TOKENS.plans);
  const clusterId = async (dataDirectory: string) =>
    config.log.type === 'kafka'
      ? knownCluster(dataDirectory, config.log.brokers, () => container.get(TOKENS.log).identity())
      : null;
  const database = await openDatabase(config, clusterId).catch(async (error: unknown) => {
    await container.unbindAsync(TOKENS.log);
    throw error;
  });
  container.bind(TOKENS.databaseUrl).toConstantValue(database.url);
  try {
    await checkDatabase(container.get(TOKENS.pool), database.url);
    return compose(container, { config, plans, stopDatabase: database.stop });
  } catch (error) {
    await container.unbindAsync(TOKENS.pool);
    await database.stop();
    throw error;
  }
}

interface Parts {
  readonly config: ResolvedConfig;
  readonly plans: readonly Plan[];
  readonly stopDatabase: () => Promise<void>;
}

function compose(container: Container, parts: Parts): Reprise {
  const { config, plans } = parts;
  const migrateNow = () => migrate(container.get(TOKENS.knex));
  const servers = registryServers(container, config.registryServer);
  let closed: Promise<void> | null = null;
  return {
    ...operationsOf(
      () => container.get(OWN_TOKENS.runnerSettings),
      { declared: new DeclaredProjections(config.projections, plans), events: config.events },
      () => ({
        config,
        databaseUrl: container.get(TOKENS.databaseUrl),
        log: container.get(TOKENS.log),
        logger: container.get(TOKENS.logger),
      }),
    ),
    plans,
    get publisher() {
      return container.get(TOKENS.publisher);
    },
    get readModels() {
      return container.get(TOKENS.readModels);
    },
    get runner() {
      return container.get(TOKENS.runner);
    },
    get log() {
      return container.get(TOKENS.log);
    },
    get registry() {
      return container.get(TOKENS.registry);
    },
    migrate: migrateNow,
    async setUp() {
      await migrateNow();
      await setUpTopicsAndSchemas(
        config,
        container.get(TOKENS.log),
        container.get(TOKENS.registry),
      );
    },
    postgresRegistry: {
      serve: servers.serve,
      export: async () => exportRegistry(container.get(TOKENS.pool)),
      import: async (exported) => importRegistry(container.get(TOKENS.pool), exported),
    },
    close() {
      closed ??= servers
        .close()
        .then(() => closeConnections(container))
        .then(parts.stopDatabase);
      return closed;
    },
  };
}
