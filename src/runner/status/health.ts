import type { Plan } from '../../projection/plan/plan.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { askParts } from './ask-parts.ts';
import { readHealth, readLiveness } from './read-health.ts';
import type { DependencyStatus, HealthReport, LivenessOptions } from './task-status.ts';

/**
 * Health for probes. Each method takes constant time, also while Postgres or Kafka is unavailable.
 * @example
 * const { isReady, problems } = await app.health.check();
 */
export interface Health {
  /**
   * For readiness probes: whether the projections run without problems, in this process or another
   * one. A rebuild or lag is not a problem.
   * @example
   * const { isReady, problems } = await app.health.check();
   */
  check(): Promise<HealthReport>;
  /**
   * For liveness probes: whether this process or another instance runs the projections. Asks only
   * Postgres. Null: Postgres does not answer, which is not a reason to end a process.
   * @example
   * const isLive = (await app.health.isLive()) ?? true;
   */
  isLive(options?: LivenessOptions): Promise<boolean | null>;
  /**
   * Asks Postgres, Kafka and a foreign registry whether they answer. Takes at most 8 s.
   * @example
   * const away = (await app.health.dependencies()).filter(({ isAvailable }) => !isAvailable);
   */
  dependencies(): Promise<readonly DependencyStatus[]>;
}

/**
 * Creates the health operations of an application. `settings` is called when an operation starts.
 */
export function createHealth(settings: () => RunnerSettings, plans: readonly Plan[]): Health {
  return {
    check: async () => readHealth(settings(), plans),
    isLive: async (options) => readLiveness(settings(), options),
    dependencies: async () => askParts(settings(), plans),
  };
}
