import type { Command } from 'commander';
import { findConfigFile, loadConfigFile } from '../../config/load-config-file.ts';
import type { RepriseConfig, ResolvedConfig } from '../../config/reprise-config.ts';
import { resolveConfig } from '../../config/resolve-config.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { Reprise } from '../../reprise.ts';
import { stopOnSignals } from './stop-on-signals.ts';

/** Options that every command understands. */
export interface GlobalOptions {
  readonly config?: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** What a command works with. */
export interface Session {
  readonly app: Reprise;
  readonly config: ResolvedConfig;
  /** Where it was loaded from. */
  readonly configFile: string;
  /** Aborts when the process is told to stop. */
  readonly signal: AbortSignal;
}

/** Reads the options of a command together with the global ones. */
export function optionsOf<Options>(command: Command): Options & GlobalOptions {
  return command.optsWithGlobals<Options & GlobalOptions>();
}

/**
 * Composes the application of the configuration file, does `work`, and closes it whatever happens.
 * `adjust` may change the configuration first; by default it keeps the structured log to warnings,
 * for the command prints what matters.
 */
export async function withApp<Result>(
  options: GlobalOptions,
  work: (session: Session) => Promise<Result>,
  adjust: (input: RepriseConfig) => RepriseConfig = quietly,
): Promise<Result> {
  const configFile = findConfigFile(options.config);
  const adjusted = adjust(await loadConfigFile(configFile));
  const input: RepriseConfig = options.verbose ? { ...adjusted, logLevel: 'debug' } : adjusted;
  const config = resolveConfig(input, process.env);
  const signal = stopOnSignals();
  // Loaded late: help and `schemas generate` need none of it.
  const { createReprise } = await import('../../composition/create-reprise.ts');
  const app = await createReprise(input);
  try {
    return await work({ app, config, configFile, signal });
  } finally {
    await app.close();
  }
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

/** The same configuration, with only warnings in the structured log. */
export function quietly(input: RepriseConfig): RepriseConfig {
  return { ...input, logLevel: 'warn' };
}

/**
 * The plans of the configured projections, or the named one, without opening anything. @throws
 * CONFIG_INVALID, DEFINITION_INVALID, UNKNOWN_PROJECTION
 */
export async function compiledPlans(
  options: GlobalOptions,
  name: string | undefined,
): Promise<readonly Plan[]> {
  const config = resolveConfig(await loadConfigFile(findConfigFile(options.config)), process.env);
  const { createContainer } = await import('../../composition/container.ts');
  const { TOKENS } = await import('../../composition/tokens.ts');
  const plans = createContainer(config).get(TOKENS.plans);
  const { planNamed } = await import('../../projection/plan/plan-named.ts');
  return name === undefined ? plans : [planNamed(plans, name)];
}
