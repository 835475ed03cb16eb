import { consume } from './consume.ts';
import type { Measurement, TopicTask } from './contestant.ts';
import { rssMaxBytes } from './contestant.ts';

/** kafkajs's consumer with an eachBatch that does nothing but count. */
export async function kafkajsDrain(task: TopicTask): Promise<Measurement> {
  let seen = 0;
  const seconds = await consume(task, (finished) => ({
    eachBatch: async ({ batch }) => {
      seen += batch.messages.length;
      if (seen >= task.events) finished();
    },
  }));
  return { events: seen, seconds, rssMaxBytes: rssMaxBytes() };
}
