import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, inject } from 'vitest';
import type {} from './kafka-setup.ts';

/**
 * Runs the suite when this run has a Kafka; `brokers` is a list of `host:port`. Skipped otherwise
 * (the global set-up said so loudly).
 */
export function describeKafka(name: string, suite: (brokers: readonly string[]) => void): void {
  const brokers = inject('kafkaBrokers');
  describe.skipIf(brokers === '')(name, () => suite(brokers.split(',')));
}

/** A topic name nobody else uses, so that files share one broker. */
export function uniqueTopic(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

/** Deletes those of the topics that exist, and waits until they are gone. */
export async function deleteTopics(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const listed = async () => (await admin.listTopics()).filter((each) => topics.includes(each));
  const found = await listed();
  if (found.length > 0) await admin.deleteTopics({ topics: found });
  await expect.poll(listed, { timeout: 20_000 }).toEqual([]);
  await admin.disconnect();
}

/** An event on a topic nobody else uses: topics are bound to the registry of one database. */
export function onOwnTopic<Event extends { readonly topic: string }>(event: Event): Event {
  return { ...event, topic: uniqueTopic(event.topic) };
}
