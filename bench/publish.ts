import { openTopic } from './environment.ts';
import { runInChild } from './measure/child.ts';
import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';

export interface PublishBenchOptions {
  readonly events: number;
  readonly rounds: number;
  /** Undefined: boot a broker. */
  readonly kafka?: string;
}

/**
 * Events per second acknowledged by all replicas, idempotent, into one topic, taking turns. Ours:
 * `publish` of each event, Avro encoding and a position for each included. kafkajs:
 * `kafkajsPublish` encodes with avsc as one does by hand; `kafkajsProducer` is its producer alone,
 * given bytes that were encoded before the clock started.
 */
export async function benchPublish(options: PublishBenchOptions): Promise<BenchReport> {
  const { events, rounds } = options;
  const place = await openTopic(options.kafka);
  try {
    const task = { brokers: place.brokers, topic: place.topic, events };
    const { reprise, ...theirs } = await playRounds(rounds, {
      reprise: () => runInChild('reprisePublish', task),
      kafkajsPublish: () => runInChild('kafkajsPublish', { ...task, encodedBefore: false }),
      kafkajsProducer: () => runInChild('kafkajsPublish', { ...task, encodedBefore: true }),
    });
    const comparisons = {
      kafkajsPublish: theirs.kafkajsPublish.eventsPerSecond,
      kafkajsProducer: theirs.kafkajsProducer.eventsPerSecond,
    };
    return {
      bench: 'publish',
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
