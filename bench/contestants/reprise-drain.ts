import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { Measurement, TopicTask } from './contestant.ts';
import { rssMaxBytes, secondsSince } from './contestant.ts';

/** Our reader over all partitions, doing nothing but count. Timed from before it connects. */
export async function repriseDrain({ brokers, topic, events }: TopicTask): Promise<Measurement> {
  const startedMs = performance.now();
  const log = createKafkaLog({ brokers: brokers.split(',') });
  const partitions = (await log.describe([topic])).get(topic)?.partitions ?? [];
  const positions = partitions.map(({ partition, startOffset, stableEndOffset }) => ({
    topic,
    partition,
    offset: startOffset,
    untilOffset: stableEndOffset,
  }));
  let seen = 0;
  for await (const batch of log.read(positions)) seen += batch.count;
  const seconds = secondsSince(startedMs);
  await log.close();
  if (seen !== events) throw new Error(`our reader saw ${seen} of ${events} records`);
  return { events: seen, seconds, rssMaxBytes: rssMaxBytes() };
}
