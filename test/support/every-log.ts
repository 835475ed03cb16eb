import { describe } from 'vitest';
import type { TestAppOptions } from './example-app.ts';
import { isLongRun } from './fault-run.ts';
import { describeKafka } from './kafka.ts';

/** What `createTestApp` needs to use the log that a suite runs on. */
export type LogOptions = Pick<TestAppOptions, 'brokers'>;

/**
 * `onEveryLog` in the long form; in the short one the Postgres log alone, for suites that wait long
 * and whose fault is Postgres's own.
 */
export function onLogsOfRun(title: string, suite: (log: LogOptions) => void): void {
  if (isLongRun) onEveryLog(title, suite);
  else describe(`${title}, on the postgres log`, () => suite({}));
}

/** Runs a suite on the Postgres log and, where brokers are to be had, on a real Kafka. */
export function onEveryLog(title: string, suite: (log: LogOptions) => void): void {
  describe(`${title}, on the postgres log`, () => suite({}));
  describeKafka(`${title}, on kafka`, (brokers) => suite({ brokers }));
}
