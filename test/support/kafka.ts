import { randomBytes } from 'node:crypto';
import { describe, inject } from 'vitest';
import type {} from './kafka-setup.ts';

/** Runs the suite when this run has a Kafka; `brokers` is a list of `host:port`. Skipped otherwise (the global set-up said so loudly). */
export function describeKafka(name: string, suite: (brokers: readonly string[]) => void): void {
  const brokers = inject('kafkaBrokers');
  describe.skipIf(brokers === '')(name, () => suite(brokers.split(',')));
}

/** A topic name nobody else uses, so that files share one broker. */
export function uniqueTopic(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
