import type { Command } from 'commander';
import { findConfigFile, loadConfigFile } from '../../config/load-config-file.ts';
import type { RepriseConfig, ResolvedConfig } from '../../config/reprise-config.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { Reprise } from '../../reprise.ts';
import { stopOnSignals } from './stop-on-signals.ts';

/** Options that every command accepts. */
export interface GlobalOptions {
  readonly config?: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** What a command works with. */
export interface Session {
  readonly app: Reprise;
  readonly config: ResolvedConfig;
  /** Path of the configuration file. */
  readonly configFile: string;
  /** Aborts at SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Returns the options of a command, with the global ones. */
export function optionsOf<Options>(command: Command): Options & GlobalOptions {
  return command.optsWithGlobals<Options & GlobalOptions>();
}

/**
 * Composes the application of the configuration file, calls `work`, and always closes the
 * application. `adjust` may change the configuration first. By default it limits the structured log
 * to warnings, because the command prints what matters.
 */
export async function withApp<Result>(
  options: GlobalOptions,
  work: (session: Session) => Promise<Result>,
  adjust: (input: RepriseConfig) => RepriseConfig = quietly,
): Promise<Result> {
  const configFile = findConfigFile(options.config);
  // Loaded late: help and `schemas generate` do not need it. But before the configuration, see
  // `loadInput`.
  const { createReprise } = await import('../../composition/create-reprise.ts');
  const { resolveConfig } = await import('../../config/resolve-config.ts');
  const adjusted = adjust(await loadInput(configFile));
  const input: RepriseConfig = options.verbose ? { ...adjusted, logLevel: 'debug' } : adjusted;
  const config = resolveConfig(input, process.env);
  const signal = stopOnSignals();
  const app = await createReprise(input);
  try {
    return await work({ app, config, configFile, signal });
  } finally {
    await app.close();
  }
}

/**
 * Loads the configuration file. The package, which that file imports, is loaded first: once tsx is
 * registered for a TypeScript file, its hooks process each module, which takes longer than loading
 * it.
 */
async function loadInput(configFile: string): Promise<RepriseConfig> {
  await import('../../index.ts');
  return loadConfigFile(configFile);
}

/** A projection class with its plan. */
export interface Planned {
  readonly projection: ResolvedConfig['projections'][number];
  readonly plan: Plan;
}

/** The configured projections with their plans, as the application compiled them. */
export function plansOf({ app, config }: Pick<Session, 'app' | 'config'>): readonly Planned[] {
  return config.projections.flatMap((projection, p) => {
    const plan = app.plans[p];
    return plan === undefined ? [] : [{ projection, plan }];
  });
}

/** Returns the configuration with only warnings in the structured log. */
export function quietly(input: RepriseConfig): RepriseConfig {
  return { ...input, logLevel: 'warn' };
}

/**
 * Compiles the plans of the configured projections, or the named one, without opening anything.
 * @throws CONFIG_INVALID, DEFINITION_INVALID, UNKNOWN_PROJECTION
 */
export async function compiledPlans(
  options: GlobalOptions,
  name: string | undefined,
): Promise<readonly Plan[]> {
  const configFile = findConfigFile(options.config);
  const { resolveConfig } = await import('../../config/resolve-config.ts');
  const { compilePlans } = await import('../../composition/compile-plans.ts');
  const { planNamed } = await import('../../projection/plan/plan-named.ts');
  const input = await loadInput(configFile);
  const plans = await compilePlans(resolveConfig(input, process.env));
  return name === undefined ? plans : [planNamed(plans, name)];
}
