import type { EventDefinition } from '../src/event/event-definition.ts';
import { count, max, min, sum } from '../src/projection/declare/aggregates.ts';
import { tumbling } from '../src/projection/declare/window.ts';
import { WindowedProjection } from '../src/projection/declare/windowed-projection.ts';
import type { Payment } from './payment-event.ts';
import { WINDOW_MS } from './workload/payment-stream.ts';

/** Names of so many projections of the kind that the benches measure. */
export function metricsNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) =>
    n === 0 ? 'payment_metrics' : `payment_metrics_${n + 1}`,
  );
}

/**
 * The projection that the benches measure, over the payments of a topic: count, sum, min and max
 * per user and window, which is a minute unless told otherwise.
 */
export function paymentMetricsOf(
  event: EventDefinition<Payment>,
  { name: given = 'payment_metrics', windowMs = WINDOW_MS } = {},
) {
  return class PaymentMetrics extends WindowedProjection {
    readonly name: string = given;
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
