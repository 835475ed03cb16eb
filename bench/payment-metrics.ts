import type { EventDefinition } from '../src/event/event-definition.ts';
import { count, max, min, sum } from '../src/projection/aggregates.ts';
import { tumbling } from '../src/projection/window.ts';
import { WindowedProjection } from '../src/projection/windowed-projection.ts';
import type { Payment } from './payment-event.ts';

/** The projection that the benches measure, over the payments of a topic: count, sum, min and max per user and minute. */
export function paymentMetricsOf(event: EventDefinition<Payment>) {
  return class PaymentMetrics extends WindowedProjection {
    readonly name = 'payment_metrics';
    readonly version = 1;
    define() {
      return this.from(event)
        .key('userId')
        .window(tumbling('1 minute'), { lateness: '10 seconds' })
        .measure({
          payments: count(),
          total: sum('amount'),
          smallest: min('amount'),
          largest: max('amount'),
        });
    }
  };
}
