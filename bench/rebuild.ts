import type { Measurement } from './contestants/contestant.ts';
import { runInChild } from './measure/child.ts';
import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import type { Job, JobOptions } from './rebuild-job.ts';
import { runReprise, verifyOthers, withJob } from './rebuild-job.ts';

export interface RebuildBenchOptions extends JobOptions {
  readonly rounds: number;
  /** Events for the hand-written eachBatch loop; undefined: all. */
  readonly comparisonEvents?: number;
  /** Events for the hand-written eachMessage loop. */
  readonly eachEvents: number;
}

/**
 * The rebuild of `PaymentMetrics` from Kafka into Postgres, as an application does it, beside kafkajs's reader that does nothing and the two loops that people
 * write by hand. Every run gets an empty database; the rows are compared one by one with what the bench computed itself.
 */
export function benchRebuild(options: RebuildBenchOptions): Promise<BenchReport> {
  return withJob(options, (job) => measure(job, options));
}

async function measure(job: Job, options: RebuildBenchOptions): Promise<BenchReport> {
  const { brokers, topic } = job.place;
  const { events, expected } = job;
  const batchEvents = Math.min(events, options.comparisonEvents ?? events);
  const eachEvents = Math.min(events, options.eachEvents);
  const standings = await playRounds(options.rounds, {
    reprise: () => runReprise(job),
    kafkajsDrain: () => runInChild('kafkajsDrain', { brokers, topic, events }),
    handWrittenBatch: () => runHandWritten(job, 'handWrittenBatch', batchEvents),
    handWrittenEach: () => runHandWritten(job, 'handWrittenEach', eachEvents),
  });
  const { eventsPerSecond, seconds, rssMaxBytes } = standings.reprise;
  const comparisons = {
    kafkajsDrain: standings.kafkajsDrain.eventsPerSecond,
    handWrittenBatch: standings.handWrittenBatch.eventsPerSecond,
    handWrittenEach: standings.handWrittenEach.eventsPerSecond,
  };
  return {
    bench: 'rebuild',
    events,
    eventsPerSecond,
    rows: expected.rowCount,
    rowsPerSecond: expected.rowCount / seconds,
    rssMaxBytes,
    comparisons,
    ratios: ratiosOf(eventsPerSecond, comparisons),
  };
}

async function runHandWritten(
  job: Job,
  name: 'handWrittenBatch' | 'handWrittenEach',
  events: number,
): Promise<Measurement> {
  const { brokers, topic } = job.place;
  const databaseUrl = await job.server.createDatabase();
  const measured = await runInChild(name, { brokers, topic, events, databaseUrl });
  await verifyOthers(job, { name, databaseUrl, measured });
  return measured;
}
