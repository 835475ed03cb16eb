import { avg, count, last, tumbling, WindowedProjection, zScore } from 'reprise';
import { MetricAnomaly, MetricsWindowClosed, UserActed } from '../schemas/index.ts';

/** Stage one: a user's metrics by the minute, published when the minute is over. */
export class MetricMinutes extends WindowedProjection {
  readonly name: string = 'metric_minutes';
  readonly version: number = 1;

  define() {
    return this.from(UserActed)
      .key('userId')
      .window(tumbling('1 minute'), { lateness: '10 seconds', emit: 'onClose' })
      .measure({ events: count(), average: avg('value') })
      .onClose(MetricsWindowClosed, (row) => ({
        userId: row.user_id,
        windowStart: row.window_start,
        events: row.events,
        average: row.average ?? 0,
      }));
  }
}

/**
 * Stage two: minutes that lie far from what the user's minutes were before, on `metric-anomalies`.
 */
export class MetricAnomalies extends WindowedProjection {
  readonly name: string = 'metric_anomalies';
  readonly version: number = 1;

  define() {
    return this.from(MetricsWindowClosed)
      .key('userId')
      .window(tumbling('1 minute'))
      .measure({ average: last('average'), score: zScore('average', { min: 10 }) })
      .onClose(MetricAnomaly, (row) =>
        row.score !== null && Math.abs(row.score) > 3
          ? {
              userId: row.user_id,
              windowStart: row.window_start,
              average: row.average ?? 0,
              score: row.score,
            }
          : null,
      );
  }
}
