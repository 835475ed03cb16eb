import type { TestProject } from 'vitest/node';
import { startKafka } from './kafka-broker.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Comma-separated `host:port` of the Kafka of this run; empty: there is none. */
    kafkaBrokers: string;
  }
}

const banner = `
==============================================================================
  NO KAFKA: every test on real Kafka is SKIPPED (contract, integration, faults).
  Give REPRISE_TEST_KAFKA=host:port, or Docker, or Java with maven (Kafka's jars).
  REPRISE_REQUIRE_KAFKA=1 makes this a failure.
==============================================================================
`;

/**
 * vitest's global set-up: one Kafka for the whole run. @throws Error when there is none and
 * `REPRISE_REQUIRE_KAFKA=1`
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kafka = await startKafka();
  if (kafka === undefined) {
    if (process.env['REPRISE_REQUIRE_KAFKA'] === '1') throw new Error(banner);
    process.stderr.write(banner);
  }
  project.provide('kafkaBrokers', kafka?.brokers ?? '');
  return async () => {
    await kafka?.stop();
  };
}
