import type { Message } from 'kafkajs';
import { kafkaClient } from '../environment.ts';
import { METHODS, PaymentStream, paymentId, userName } from '../workload/payment-stream.ts';
import type { Measurement, TopicTask } from './contestant.ts';
import { rssMaxBytes, secondsSince } from './contestant.ts';
import { encodePayment } from './payment-codec.ts';

export interface KafkajsPublishTask extends TopicTask {
  /** Encode everything before the clock starts: what is measured is kafkajs alone. */
  readonly encodedBefore: boolean;
}

/** Messages of one send: of 1,000, 3,000, 10,000 and 30,000 the fastest here. */
const SEND_MESSAGES = 10_000;

/** The same payments through kafkajs's producer as one writes it by hand for throughput: acks=all, idempotent, large sends, one after another. */
export async function kafkajsPublish(task: KafkajsPublishTask): Promise<Measurement> {
  const producer = kafkaClient(task.brokers).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const stream = new PaymentStream();
  const ready = task.encodedBefore ? [...sends(stream, task.events)] : undefined;
  const startedMs = performance.now();
  let events = 0;
  for (const messages of ready ?? sends(stream, task.events)) {
    await producer.send({ topic: task.topic, acks: -1, messages });
    events += messages.length;
  }
  const seconds = secondsSince(startedMs);
  await producer.disconnect();
  return { events, seconds, rssMaxBytes: rssMaxBytes() };
}

function* sends(stream: PaymentStream, events: number): Generator<Message[]> {
  while (stream.count < events) {
    const messages: Message[] = [];
    const until = Math.min(events, stream.count + SEND_MESSAGES);
    while (stream.count < until) messages.push(nextMessage(stream));
    yield messages;
  }
}

function nextMessage(stream: PaymentStream): Message {
  stream.next();
  const userId = userName(stream.userIndex);
  const value = encodePayment(
    {
      paymentId: paymentId(stream),
      userId,
      amount: stream.amount,
      method: METHODS[stream.methodIndex] ?? 'CARD',
      occurredAt: stream.occurredAtMs,
    },
    1,
  );
  return { key: userId, value, timestamp: String(stream.occurredAtMs) };
}
