import type { EventDefinition } from '../src/event/event-definition.ts';
import { count, max, min, sum } from '../src/projection/aggregates.ts';
import { tumbling } from '../src/projection/window.ts';
import { WindowedProjection } from '../src/projection/windowed-projection.ts';
import type { Payment } from './payment-event.ts';
import { WINDOW_MS } from './workload/payment-stream.ts';

/** The projection that the benches measure, over the payments of a topic: count, sum, min and max per user and window, which is a minute unless told otherwise. */
export function paymentMetricsOf(event: EventDefinition<Payment>, windowMs = WINDOW_MS) {
  return class PaymentMetrics extends WindowedProjection {
    readonly name = 'payment_metrics';
    readonly version = 1;
    define() {
      return this.from(event)
        .key('userId')
        .window(tumbling(windowMs), { lateness: '10 seconds' })
        .measure({
          payments: count(),
          total: sum('amount'),
          smallest: min('amount'),
          largest: max('amount'),
        });
    }
  };
}
