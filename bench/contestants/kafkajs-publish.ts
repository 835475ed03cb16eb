import type { Message } from 'kafkajs';
import { kafkaClient } from '../environment.ts';
import type { Payment } from '../payment-event.ts';
import type { Measurement, TopicTask } from './contestant.ts';
import { rssMaxBytes, secondsSince } from './contestant.ts';
import { encodePayment } from './payment-codec.ts';
import { paymentsOf } from './payment-of-stream.ts';

export interface KafkajsPublishTask extends TopicTask {
  /** Encode everything before the clock starts: what is measured is kafkajs alone. */
  readonly encodedBefore: boolean;
}

/** Messages of one send: of 1,000, 3,000, 10,000 and 30,000 the fastest here. */
const SEND_MESSAGES = 10_000;

/**
 * The same payments through kafkajs's producer as one writes it by hand for throughput: acks=all,
 * idempotent, large sends, one after another.
 */
export async function kafkajsPublish(task: KafkajsPublishTask): Promise<Measurement> {
  const producer = kafkaClient(task.brokers).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const payments = paymentsOf(task.events);
  const ready = task.encodedBefore ? [...sends(payments)] : undefined;
  const startedMs = performance.now();
  let events = 0;
  for (const messages of ready ?? sends(payments)) {
    await producer.send({ topic: task.topic, acks: -1, messages });
    events += messages.length;
  }
  const seconds = secondsSince(startedMs);
  await producer.disconnect();
  return { events, seconds, rssMaxBytes: rssMaxBytes() };
}

function* sends(payments: readonly Payment[]): Generator<Message[]> {
  for (let from = 0; from < payments.length; from += SEND_MESSAGES) {
    yield payments.slice(from, from + SEND_MESSAGES).map(messageOf);
  }
}

function messageOf(payment: Payment): Message {
  const occurredAt = payment.occurredAt.getTime();
  const value = encodePayment({ ...payment, occurredAt }, 1);
  return { key: payment.userId, value, timestamp: String(occurredAt) };
}
