import { UserMetrics } from '../../projections/user-metrics.ts';
import { UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import type { Position } from '../../src/log/event-log.ts';
import { avg, count, max, sum } from '../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import type { ErrorPolicy } from '../../src/projection/plan/error-policy.ts';
import type { Reprise } from '../../src/reprise.ts';
import { testConfig } from './test-config.ts';

/** The example's event on a topic of the test's own, and its metrics as a class of any version. */
export function exampleOn(topic: string) {
  const event: EventDefinition<UserActed> = { ...UserActed, topic };
  const metricsOf = (version: number, { name = 'user_metrics', size = '1 minute' } = {}) =>
    class Metrics extends UserMetrics {
      override readonly name: string = name;
      override readonly version: number = version;
      override define() {
        const windowed = this.from(event)
          .key('userId')
          .window(tumbling(size as '1 minute'), { lateness: '10 seconds' });
        return windowed.measure({
          events: count(),
          average: avg('value'),
          total: sum('value'),
          highest: max('value'),
        }) as unknown as ReturnType<UserMetrics['define']>;
      }
    };
  return { event, topic, metricsOf };
}

export type Example = ReturnType<typeof exampleOn>;
export interface TestAppOptions {
  readonly databaseUrl: string;
  readonly example: Example;
  /** Version of the metrics; default 1. */
  readonly version?: number;
  /** Kafka brokers; undefined: the Postgres log. */
  readonly brokers?: readonly string[];
  readonly onError?: ErrorPolicy;
  /** Further metrics, by name: the size of their windows. Default: none. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The example application on a database and log of the test's own. */
export function createTestApp(options: TestAppOptions): Promise<Reprise> {
  return createReprise(testConfig(options));
}

/**
 * `count` seeded events: 50 users, values with awkward fractions, event times up to 8 s out of
 * order.
 */
export function exampleEvents(count: number, seed = 1): UserActed[] {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const startMs = Date.UTC(2026, 0, 1);
  return Array.from({ length: count }, (_, i) => ({
    eventId: `00000000-0000-4000-8000-${i.toString().padStart(12, '0')}`,
    userId: `user-${Math.floor(random() * 50)}`,
    action: (['VIEW', 'CLICK', 'PURCHASE'] as const)[Math.floor(random() * 3)] ?? 'VIEW',
    value: random() * 10 ** Math.floor(random() * 12 - 4),
    occurredAt: new Date(startMs + i * 40 - Math.floor(random() * 8_000)),
  }));
}

/** Publishes events and waits until all are acknowledged. */
export function publishAll(
  app: Reprise,
  example: Example,
  events: readonly UserActed[],
): Promise<Position[]> {
  return Promise.all(events.map((event) => app.publisher.publish(example.event, event)));
}
