import type { Position } from '../../src/log/event-log.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { createPublisher } from '../../src/publish/create-publisher.ts';
import type { SchemaRegistry } from '../../src/registry/schema-registry.ts';
import { paymentOn } from '../payment-event.ts';
import { PaymentStream } from '../workload/payment-stream.ts';
import type { Measurement, TopicTask } from './contestant.ts';
import { rssMaxBytes, secondsSince } from './contestant.ts';
import { paymentOf } from './payment-of-stream.ts';

/** The schema has the same id for everybody: looking it up is not measured. */
const registry = { register: async () => ({ id: 1 }) } as unknown as SchemaRegistry;

/** Publishes the workload's first `events` payments one by one through our publisher, with bounded memory, and takes the position of each. @throws Error when they are not gapless */
export async function reprisePublish(task: TopicTask): Promise<Measurement> {
  const log = createKafkaLog({ brokers: task.brokers.split(',') });
  const publisher = createPublisher({ log, registry });
  const event = paymentOn(task.topic);
  const stream = new PaymentStream();
  const offsets = new Map<number, { first: bigint; last: bigint; count: bigint }>();
  const take = ({ partition, offset }: Position) => {
    const seen = offsets.get(partition);
    if (seen === undefined) offsets.set(partition, { first: offset, last: offset, count: 1n });
    else {
      if (offset <= seen.last) throw new Error(`partition ${partition} goes back to ${offset}`);
      seen.last = offset;
      seen.count += 1n;
    }
  };
  const startedMs = performance.now();
  let failure: unknown;
  const failed = (error: unknown) => {
    failure ??= error;
  };
  while (stream.count < task.events) {
    stream.next();
    publisher.publish(event, paymentOf(stream)).then(take).catch(failed);
    await publisher.room();
  }
  await publisher.flush();
  const seconds = secondsSince(startedMs);
  await publisher.close();
  await log.close();
  if (failure !== undefined) throw failure as Error;
  let events = 0;
  for (const [partition, { first, last, count }] of offsets) {
    if (last - first + 1n !== count) throw new Error(`partition ${partition} has gaps`);
    events += Number(count);
  }
  return { events, seconds, rssMaxBytes: rssMaxBytes() };
}
