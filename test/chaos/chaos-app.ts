import { LoginFraud } from '../../projections/login-fraud.ts';
import { UserMetrics } from '../../projections/user-metrics.ts';
import { FraudSuspected, LoginAttempted, UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import { begin } from '../../src/projection/pattern.ts';
import type { Reprise } from '../../src/reprise.ts';

/** Both projections of the soak, as classes of one version: a switch raises both. */
export function projectionsOf(version: number): ProjectionClass[] {
  class Metrics extends UserMetrics {
    override readonly version: number = version;
  }
  /** As in the example, but for `idle`: what an outage makes of a quiet partition is journaled per version, and versions are to be compared here. */
  class Fraud extends LoginFraud {
    override readonly version: number = version;
    override define() {
      const failed = { where: { result: 'FAILURE' } } as const;
      return this.from(LoginAttempted)
        .key('userId')
        .pattern(
          begin('first', failed).next('second', failed).next('third', failed).within('5 minutes'),
          { idle: 'off' },
        )
        .row((m) => ({ firstFailureAt: m.first.occurredAt, lastFailureAt: m.third.occurredAt }))
        .alert(FraudSuspected, (m) => ({
          userId: m.first.userId,
          firstFailureAt: m.first.occurredAt,
          at: m.third.occurredAt,
        }));
    }
  }
  return [Metrics, Fraud] as unknown as ProjectionClass[];
}

/** Names of the projections of the soak. */
export const PROJECTIONS = ['user_metrics', 'login_fraud'] as const;

/** The application that every process of the soak runs, of one version. */
export function createChaosApp(options: {
  readonly databaseUrl: string;
  readonly brokers: string;
  readonly version: number;
}): Promise<Reprise> {
  return createReprise({
    projections: projectionsOf(options.version),
    events: [UserActed, LoginAttempted, FraudSuspected],
    database: { type: 'url', url: options.databaseUrl },
    log: { type: 'kafka', brokers: [options.brokers] },
    registry: { type: 'postgres' },
    onError: 'fail',
    leaseMs: 2_000,
    logLevel: 'warn',
  });
}
