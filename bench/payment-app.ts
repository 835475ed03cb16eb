import { createReprise } from '../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../src/config/reprise-config.ts';
import type { RegistryExport } from '../src/registry/registry-export.ts';
import type { Reprise } from '../src/reprise.ts';
import { KIND_PROJECTIONS } from './kind-projections.ts';
import { paymentOn } from './payment-event.ts';
import type { PaymentKind } from './payment-kind.ts';
import { metricsNames, paymentMetricsOf } from './payment-metrics.ts';

export interface PaymentAppOptions {
  readonly brokers: string;
  readonly topic: string;
  readonly databaseUrl: string;
  /** Default: a minute. */
  readonly windowMs?: number;
  /** Windows of further projections, each like the first. Default: none. */
  readonly moreWindowsMs?: readonly number[];
  /** A projection of this kind instead of windows. Default: windows. */
  readonly kind?: PaymentKind;
}

/** The environment variable from which `payment-config.ts` has its options, as JSON. */
export const PAYMENT_APP = 'REPRISE_BENCH_PAYMENT_APP';

/** A production composition of `PaymentMetrics`: Kafka log, Postgres registry, default settings. */
export function createPaymentApp(options: PaymentAppOptions): Promise<Reprise> {
  return createReprise(paymentConfig(options));
}

/** Its configuration. */
export function paymentConfig(options: PaymentAppOptions): RepriseConfig {
  const event = paymentOn(options.topic);
  const windows = [options.windowMs, ...(options.moreWindowsMs ?? [])];
  const names = metricsNames(windows.length);
  return {
    projections:
      options.kind === undefined
        ? windows.map((windowMs, n) =>
            paymentMetricsOf(event, { name: names[n], ...(windowMs && { windowMs }) }),
          )
        : [KIND_PROJECTIONS[options.kind](event)],
    events: [event],
    database: { type: 'url', url: options.databaseUrl },
    log: { type: 'kafka', brokers: options.brokers.split(',') },
    registry: { type: 'postgres' },
    subjects: { '*': 'topicName' },
    logLevel: 'warn',
  };
}

/**
 * Registries by topic: every database of a run reads the same topic, whose values carry their ids.
 */
const registries = new Map<string, RegistryExport>();

/**
 * Runs the migrations of an empty database and registers the payment's schema, with the id that it
 * has in the first database of this topic. @returns the schema's id, for the wire header
 */
export async function setUpPaymentApp(options: PaymentAppOptions): Promise<number> {
  const app = await createPaymentApp(options);
  try {
    await app.migrate();
    const known = registries.get(options.topic);
    if (known !== undefined) await app.postgresRegistry.import(known);
    await app.setUp();
    if (known === undefined) registries.set(options.topic, await app.postgresRegistry.export());
    return (await app.registry.latest(`${options.topic}-value`)).id;
  } finally {
    await app.close();
  }
}
