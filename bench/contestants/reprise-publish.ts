import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { createPublisher } from '../../src/publish/create-publisher.ts';
import type { SchemaRegistry } from '../../src/registry/schema-registry.ts';
import { type Payment, paymentOn } from '../payment-event.ts';
import type { Measurement, TopicTask } from './contestant.ts';
import { rssMaxBytes, secondsSince } from './contestant.ts';
import { paymentsOf } from './payment-of-stream.ts';

/** Events published between two looks at the publisher's buffer. */
const READY_EVERY = 100;

/** The schema has the same id for everybody: looking it up is not measured. */
const registry = { register: async () => ({ id: 1 }) } as unknown as SchemaRegistry;

/**
 * Publishes the workload's first `events` payments one by one through our publisher, with a bounded
 * buffer, and takes the position of each. @throws Error when they are not gapless
 */
export async function reprisePublish(task: TopicTask): Promise<Measurement> {
  const log = createKafkaLog({ brokers: task.brokers.split(',') });
  const publisher = createPublisher({ log, registry });
  const event = paymentOn(task.topic);
  const payments = paymentsOf(task.events);
  const partitions = new Int32Array(task.events).fill(-1);
  const offsets = new Float64Array(task.events);
  let failure: unknown;
  const publish = (index: number, payment: Payment) => {
    publisher.publish(event, payment).then(
      ({ partition, offset }) => {
        partitions[index] = partition;
        offsets[index] = Number(offset);
      },
      (error: unknown) => {
        failure ??= error;
      },
    );
  };
  const startedMs = performance.now();
  let index = 0;
  for (const payment of payments) {
    publish(index, payment);
    index += 1;
    if (index % READY_EVERY === 0) await publisher.ready();
  }
  await publisher.flush();
  const seconds = secondsSince(startedMs);
  await publisher.close();
  await log.close();
  if (failure !== undefined) throw failure as Error;
  requireGapless(partitions, offsets);
  return { events: task.events, seconds, rssMaxBytes: rssMaxBytes() };
}

/** In the order of publishing, each partition's offsets go up by one. */
function requireGapless(partitions: Int32Array, offsets: Float64Array): void {
  const next = new Map<number, number>();
  for (const [index, partition] of partitions.entries()) {
    const offset = offsets[index] ?? -1;
    const wanted = next.get(partition) ?? offset;
    if (partition < 0 || offset !== wanted)
      throw new Error(`event ${index} is at ${partition}/${offset}, expected ${wanted}`);
    next.set(partition, offset + 1);
  }
}
