import { avg, count, max, tumbling, WindowedProjection } from 'reprise';
import { UserActed } from '../schemas/index.ts';

/**
 * The job that the guides of Flink, Spark and Kinesis all show: per user and one-minute event-time
 * window, how many events and their average value, with ten seconds of disorder.
 */
export class UserMetrics extends WindowedProjection {
  readonly name: string = 'user_metrics';
  readonly version: number = 1;

  define() {
    return this.from(UserActed)
      .key('userId')
      .window(tumbling('1 minute'), { lateness: '10 seconds' })
      .measure({ events: count(), average: avg('value'), highest: max('value') });
  }
}
