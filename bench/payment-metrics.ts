import { readFileSync } from 'node:fs';
import { createReprise } from '../src/composition/create-reprise.ts';
import { defineAvroEvent } from '../src/event/define-avro-event.ts';
import type { EventDefinition } from '../src/event/event-definition.ts';
import { count, max, min, sum } from '../src/projection/aggregates.ts';
import { tumbling } from '../src/projection/window.ts';
import { WindowedProjection } from '../src/projection/windowed-projection.ts';
import type { Reprise } from '../src/reprise.ts';
import { METHODS } from './workload/payment-stream.ts';

/** One payment as `bench/payment.avsc` says. */
export interface Payment {
  readonly paymentId: string;
  readonly userId: string;
  readonly amount: number;
  readonly method: (typeof METHODS)[number];
  readonly occurredAt: Date;
}

const schemaText = readFileSync(new URL('./payment.avsc', import.meta.url), 'utf8');

/** The payment event on a topic of this run. */
export function paymentOn(topic: string): EventDefinition<Payment> {
  return defineAvroEvent<Payment>({
    name: 'Payment',
    topic,
    key: 'userId',
    time: 'occurredAt',
    fields: [
      { name: 'paymentId', type: { kind: 'string' }, nullable: false },
      { name: 'userId', type: { kind: 'string' }, nullable: false },
      { name: 'amount', type: { kind: 'double' }, nullable: false },
      { name: 'method', type: { kind: 'enum', symbols: METHODS }, nullable: false },
      { name: 'occurredAt', type: { kind: 'timestamp-millis' }, nullable: false },
    ],
    schema: schemaText,
  });
}

/** The projection that the benches measure, over the payments of a topic: count, sum, min and max per user and minute. */
function paymentMetricsOf(event: EventDefinition<Payment>) {
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

export interface PaymentAppOptions {
  readonly brokers: string;
  readonly topic: string;
  readonly databaseUrl: string;
}

/** A production composition of `PaymentMetrics`: Kafka log, Postgres registry, default settings. */
export async function createPaymentApp(options: PaymentAppOptions): Promise<Reprise> {
  const event = paymentOn(options.topic);
  return createReprise({
    projections: [paymentMetricsOf(event)],
    events: [event],
    database: { type: 'url', url: options.databaseUrl },
    log: { type: 'kafka', brokers: options.brokers.split(',') },
    registry: { type: 'postgres' },
    logLevel: 'warn',
  });
}

/** Runs the migrations of an empty database and registers the payment's schema. @returns the schema's id, for the wire header */
export async function setUpPaymentApp(options: PaymentAppOptions): Promise<number> {
  const app = await createPaymentApp(options);
  try {
    await app.setUp();
    return (await app.registry.latest(`${options.topic}-value`)).id;
  } finally {
    await app.close();
  }
}
