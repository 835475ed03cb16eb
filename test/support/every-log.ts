import { describe } from 'vitest';
import type { TestAppOptions } from './example-app.ts';
import { describeKafka } from './kafka.ts';

/** What `createTestApp` needs to use the log that a suite runs on. */
export type LogOptions = Pick<TestAppOptions, 'brokers'>;

/** Runs a suite on the Postgres log and, where brokers are to be had, on a real Kafka. */
export function onEveryLog(title: string, suite: (log: LogOptions) => void): void {
  describe(`${title}, on the postgres log`, () => suite({}));
  describeKafka(`${title}, on kafka`, (brokers) => suite({ brokers }));
}
