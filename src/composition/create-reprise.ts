import type { Container } from 'inversify';
import type { RepriseConfig, ResolvedConfig } from '../config/reprise-config.ts';
import { resolveConfig } from '../config/resolve-config.ts';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import type { Plan } from '../projection/plan.ts';
import { checkDatabase } from '../readmodel/connection.ts';
import type { Reprise } from '../reprise.ts';
import { RepriseError } from '../reprise-error.ts';
import { activate } from '../runner/activate.ts';
import { discardDeadLetters, readDeadLetters } from '../runner/errors/dead-letters.ts';
import { readTicks } from '../runner/journal-store.ts';
import { migrate } from '../runner/migrate.ts';
import {
  pauseProjection,
  readInstances,
  requestStop,
  resumeProjection,
} from '../runner/ownership/lifecycle.ts';
import { rebuild } from '../runner/rebuild.ts';
import { retire } from '../runner/retire.ts';
import { rollback } from '../runner/rollback.ts';
import { readStatus } from '../runner/status.ts';
import { verify } from '../runner/verify/verify.ts';
import { createContainer } from './container.ts';
import { setUpTopicsAndSchemas } from './set-up.ts';
import { TOKENS } from './tokens.ts';

/**
 * Composes an application from its configuration: compiles all projections, so that a definition mistake shows first, opens (or boots) Postgres, and makes
 * everything else when it is first used.
 * @throws CONFIG_INVALID, DEFINITION_INVALID, DATABASE_UNAVAILABLE, EMBEDDED_UNAVAILABLE, DATA_DIRECTORY_UNUSABLE, PORT_IN_USE
 */
export async function createReprise(input: RepriseConfig): Promise<Reprise> {
  const config = resolveConfig(input, process.env);
  const container = createContainer(config);
  const plans = container.get(TOKENS.plans);
  const database = await openDatabase(config, container).catch(async (error: unknown) => {
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
  const settings = () => container.get(TOKENS.runnerSettings);
  const migrateNow = () => migrate(container.get(TOKENS.knex));
  let closed: Promise<void> | null = null;
  return {
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
    async rebuild(name, options) {
      return rebuild(settings(), planNamed(plans, name), options);
    },
    async activate(name) {
      return activate(settings(), planNamed(plans, name));
    },
    rollback: (name) => rollback(settings(), name),
    retire: (name, version) => retire(settings(), name, version),
    async verify(name, options) {
      return verify(settings(), planNamed(plans, name), options);
    },
    status: () => readStatus(settings(), plans),
    deadLetters: (name, position) => readDeadLetters(settings().pool, name, position ?? null),
    discardDeadLetters: (name, position) => discardDeadLetters(settings().pool, name, position),
    async ticks(name) {
      return readTicks(settings().pool, planNamed(plans, name).name);
    },
    instances: () => readInstances(settings().pool),
    pause: (name) => pauseProjection(settings().pool, name),
    resume: (name) => resumeProjection(settings().pool, name),
    requestStop: (instance) => requestStop(settings().pool, instance),
    close() {
      closed ??= closeAll(container, parts);
      return closed;
    },
  };
}

/** The plan of that name. @throws UNKNOWN_PROJECTION naming those there are */
export function planNamed(plans: readonly Plan[], name: string): Plan {
  const plan = plans.find((each) => each.name === name);
  if (plan !== undefined) return plan;
  const known = plans.map((each) => each.name).join(', ') || 'none';
  throw new RepriseError(
    'UNKNOWN_PROJECTION',
    `There is no projection named ${name} in the configuration; declared are: ${known}. Add its class to "projections" in reprise.config.ts.`,
    { facts: { projection: name } },
  );
}

/**
 * The configured database, or an embedded one. The embedded server keeps a database per log: `reprise` for the log inside it, `reprise_<cluster id>` for each
 * Kafka cluster, so that trying another log starts afresh instead of meeting offsets that mean other records.
 */
async function openDatabase(
  config: ResolvedConfig,
  container: Container,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const { database } = config;
  if (database.type === 'url') return { url: database.url, stop: async () => undefined };
  const { dataDirectory, port } = database;
  const named =
    config.log.type === 'kafka'
      ? { database: `reprise_${await container.get(TOKENS.log).identity()}` }
      : {};
  return startEmbeddedPostgres({
    dataDirectory,
    ...named,
    ...(port === undefined ? {} : { port }),
  });
}

/** Closes in the order of use. Unbinding runs a binding's deactivation only where its piece was made, so nothing is opened to be closed. */
async function closeAll(container: Container, parts: Parts): Promise<void> {
  const { runner, publisher, log, registry, knex, pool } = TOKENS;
  for (const token of [runner, publisher, log, registry, knex, pool]) {
    await container.unbindAsync(token);
  }
  await parts.stopDatabase();
}
