import type { ServiceIdentifier } from 'inversify';
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { DataKeys } from '../erasure/data-keys.ts';
import type { EventLog } from '../log/event-log.ts';
import type { Plan } from '../projection/plan/plan.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { ReadModels } from '../readmodel/read-models.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import type { Runner } from '../runner/runner.ts';
import type { RunnerSettings } from '../runner/settings/runner-settings.ts';

function token<Service>(name: string): ServiceIdentifier<Service> {
  return Symbol.for(`reprise.${name}`) as ServiceIdentifier<Service>;
}

/**
 * Tokens of the container. A projection's constructor may inject any of them with
 * `@inject(TOKENS.…)`.
 */
export const TOKENS = {
  databaseUrl: token<string>('databaseUrl'),
  pool: token<Pool>('pool'),
  knex: token<Knex>('knex'),
  logger: token<Logger>('logger'),
  log: token<EventLog>('log'),
  registry: token<SchemaRegistry>('registry'),
  publisher: token<Publisher>('publisher'),
  plans: token<readonly Plan[]>('plans'),
  readModels: token<ReadModels>('readModels'),
  runner: token<Runner>('runner'),
} as const;

/** Tokens of services that only the composition uses. */
export const OWN_TOKENS = {
  dataKeys: token<DataKeys>('dataKeys'),
  runnerSettings: token<RunnerSettings>('runnerSettings'),
} as const;
