import { LoginFraud } from '../../projections/login-fraud.ts';
import { UserMetrics } from '../../projections/user-metrics.ts';
import {
  FraudSuspected,
  LoginAttempted,
  MetricsWindowClosed,
  UserActed,
} from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { begin } from '../../src/projection/declare/pattern.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import type { Reprise } from '../../src/reprise.ts';

/** One log-in in so many fails in `login_windows`, until the code is mended. */
const FAILS_EVERY = 997;

/** Whether this process runs the mended code. */
let isMended = false;

/** From here on this process folds what failed: a redrive in it succeeds. */
export function mend(): void {
  isMended = true;
}

/**
 * The lateness of `login_windows`: longer than a restart of a server holds an event back, so that
 * nothing is late.
 */
export const LATENESS_MS = 20_000;

/** The projections of the soak, as classes of one version: a switch raises all. */
function projectionsOf(version: number): ProjectionClass[] {
  class Metrics extends UserMetrics {
    override readonly version: number = version;
  }
  /**
   * As in the example, but for `idle`: what an outage makes of a quiet partition is journaled per
   * version, and versions are to be compared here.
   */
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
  /** Alerts by the passing of time, silence included, and dead letters. */
  class Windows extends WindowedProjection {
    readonly name = 'login_windows';
    readonly version: number = version;
    override readonly onError = 'skip';
    define() {
      return this.from(LoginAttempted)
        .key('userId')
        .where(({ address }) => {
          if (!isMended && Number(address) % FAILS_EVERY === 0) throw new Error('out of luck');
          return true;
        })
        .window(tumbling('5 seconds'), {
          lateness: '20 seconds',
          emit: 'onClose',
          idle: '2 seconds',
        })
        .measure({ attempts: count() })
        .onClose(MetricsWindowClosed, (row) => ({
          userId: row.user_id,
          windowStart: row.window_start,
          events: row.attempts,
          average: 0,
        }));
    }
  }
  return [Metrics, Fraud, Windows] as unknown as ProjectionClass[];
}

/** Names of the projections of the soak. */
export const PROJECTIONS = ['user_metrics', 'login_fraud', 'login_windows'] as const;

/** The application that every process of the soak runs, of one version. */
export function createChaosApp(options: {
  readonly databaseUrl: string;
  readonly brokers: string;
  readonly version: number;
}): Promise<Reprise> {
  return createReprise({
    projections: projectionsOf(options.version),
    events: [UserActed, LoginAttempted, FraudSuspected, MetricsWindowClosed],
    database: { type: 'url', url: options.databaseUrl },
    log: { type: 'kafka', brokers: [options.brokers] },
    registry: { type: 'postgres' },
    onError: 'fail',
    leaseMs: 2_000,
    logLevel: 'warn',
  });
}
