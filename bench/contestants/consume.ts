import { randomBytes } from 'node:crypto';
import type { ConsumerRunConfig } from 'kafkajs';
import { kafkaClient } from '../environment.ts';
import { secondsSince } from './contestant.ts';

/**
 * Runs a kafkajs consumer over a topic from its beginning until the handler calls `finished`. Four
 * partitions at a time, in a group nobody else is in.
 * @returns seconds from joining the group to `finished`: connecting and group coordination do not
 * count against kafkajs
 */
export async function consume(
  { brokers, topic }: { readonly brokers: string; readonly topic: string },
  handlers: (finished: () => void) => ConsumerRunConfig,
): Promise<number> {
  const groupId = `${topic}-${randomBytes(4).toString('hex')}`;
  const consumer = kafkaClient(brokers).consumer({ groupId });
  let joinedMs = 0;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joinedMs = performance.now();
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const seconds = await new Promise<number>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    const config = handlers(() => resolve(secondsSince(joinedMs)));
    consumer.run({ partitionsConsumedConcurrently: 4, ...config }).catch(reject);
  });
  await consumer.disconnect();
  return seconds;
}
