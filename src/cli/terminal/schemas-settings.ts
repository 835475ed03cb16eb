import type { Command } from 'commander';
import { findConfigFile, hasConfigFile, loadConfigFile } from '../../config/load-config-file.ts';
import type { ResolvedConfig } from '../../config/reprise-config.ts';
import type { SchemaRegistry } from '../../registry/schema-registry.ts';
import type { CheckRules } from '../../schemas/check-records.ts';
import type { SchemaFolder } from '../../schemas/schema-folder.ts';
import { type GlobalOptions, withApp } from './with-app.ts';

/** Options of the commands on schema files. */
export interface SchemasOptions extends GlobalOptions {
  readonly directory?: string;
  readonly registry?: string | boolean;
}

/** Settings of the commands on schema files. */
export interface SchemasSettings {
  readonly folder: SchemaFolder;
  readonly rules: CheckRules;
  /** Null: there is no configuration file, so defaults apply. */
  readonly config: ResolvedConfig | null;
}

/** Adds `--directory`. */
export function withDirectory(command: Command): Command {
  return command.option(
    '--directory <path>',
    'folder of the .avsc files (default: schemasDirectory of the configuration)',
  );
}

/**
 * Reads the schema folder, and the configuration if it exists. @throws CONFIG_INVALID,
 * SCHEMA_HISTORY_BROKEN
 */
export async function schemasSettings(options: SchemasOptions): Promise<SchemasSettings> {
  const config = await configOf(options);
  const directory = options.directory ?? config?.schemasDirectory ?? './schemas';
  const rules: CheckRules = {
    mode: config?.compatibility ?? 'BACKWARD_TRANSITIVE',
    subjects: config?.subjects ?? {},
  };
  const { readSchemaFolder } = await import('../../schemas/schema-folder.ts');
  return { folder: await readSchemaFolder(directory), rules, config };
}

/**
 * Calls `work` with the registry at `--registry URL`, else with the configured one. A registry in
 * Postgres is migrated first.
 */
export async function withRegistry<Result>(
  options: SchemasOptions,
  work: (registry: SchemaRegistry) => Promise<Result>,
): Promise<Result> {
  const config = await configOf(options);
  if (config?.registry.type !== 'confluent') {
    return withApp(options, async ({ app }) => {
      await app.migrate();
      return work(app.registry);
    });
  }
  const { createConfluentRegistry } = await import(
    '../../registry/confluent/confluent-registry.ts'
  );
  const registry = createConfluentRegistry({
    ...config.registry,
    compatibility: config.compatibility,
  });
  try {
    return await work(registry);
  } finally {
    await registry.close();
  }
}

async function configOf(options: SchemasOptions): Promise<ResolvedConfig | null> {
  const { registry } = options;
  const found = options.config !== undefined || hasConfigFile();
  if (!found && typeof registry !== 'string' && registry !== true) return null;
  const input = found
    ? await loadConfigFile(findConfigFile(options.config))
    : { projections: [], events: [] };
  const environment =
    typeof registry === 'string' ? { ...process.env, REPRISE_REGISTRY_URL: registry } : process.env;
  const { resolveConfig } = await import('../../config/resolve-config.ts');
  return resolveConfig(input, environment);
}
