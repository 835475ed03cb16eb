import { openTopic } from './environment.ts';
import { runInChild } from './measure/child.ts';
import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import { say } from './measure/say.ts';
import { fillTopic } from './workload/fill-topic.ts';

export interface DrainOptions {
  readonly events: number;
  readonly rounds: number;
  /** Undefined: boot a broker. */
  readonly kafka?: string;
}

/** No values are decoded here, so any id will do. */
const SCHEMA_ID = 1;

/**
 * Records per second of our reader and of kafkajs's eachBatch, both doing nothing, on the same
 * topic, taking turns.
 */
export async function benchDrain(options: DrainOptions): Promise<BenchReport> {
  const { events, rounds } = options;
  const place = await openTopic(options.kafka);
  try {
    const { brokers, topic, leaders } = place;
    say(`filling ${topic} with ${events} events`);
    await fillTopic({ topic, leaders, schemaId: SCHEMA_ID, events });
    const task = { brokers, topic, events };
    const { reprise, kafkajs } = await playRounds(rounds, {
      reprise: () => runInChild('repriseDrain', task),
      kafkajs: () => runInChild('kafkajsDrain', task),
    });
    const comparisons = { kafkajsDrain: kafkajs.eventsPerSecond };
    return {
      bench: 'drain',
      events,
      eventsPerSecond: reprise.eventsPerSecond,
      rssMaxBytes: reprise.rssMaxBytes,
      comparisons,
      ratios: ratiosOf(reprise.eventsPerSecond, comparisons),
    };
  } finally {
    await place.close();
  }
}
