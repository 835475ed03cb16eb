import type { Measurement } from './contestants/contestant.ts';
import { runInChild } from './measure/child.ts';
import type { BenchReport } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import type { PaymentKind } from './payment-kind.ts';
import type { Job, JobOptions } from './rebuild-job.ts';
import { runReprise, verifyOthers, withJob } from './rebuild-job.ts';
import { rebuildReport } from './rebuild-report.ts';
import { measureTogether } from './rebuild-together.ts';
import { measureWorkers } from './rebuild-workers.ts';
import { expectedKind } from './workload/expected-kinds.ts';
import { WINDOW_MS } from './workload/payment-stream.ts';

export interface RebuildBenchOptions extends JobOptions {
  readonly rounds: number;
  /** Folder with another checkout of this repository, whose rebuild takes turns with ours. */
  readonly compare?: string;
  /** So many workers take turns with one, instead of reprise with the others. */
  readonly workers?: number;
  /**
   * So many projections rebuilt together take turns with the first of them alone, instead of
   * reprise with the others.
   */
  readonly projections?: number;
  /** A projection of this kind takes turns with the windowed one, instead of the others. */
  readonly kind?: PaymentKind;
  /** Events for the hand-written eachBatch loop; undefined: all. */
  readonly comparisonEvents?: number;
  /** Events for the hand-written eachMessage loop. */
  readonly eachEvents: number;
}

/**
 * The rebuild of `PaymentMetrics` from Kafka into Postgres, as an application does it, beside
 * kafkajs's reader that does nothing and the two loops that people write by hand. Every run gets an
 * empty database; the rows are compared one by one with what the bench computed itself.
 */
export function benchRebuild(options: RebuildBenchOptions): Promise<BenchReport> {
  const { workers, projections, rounds, kind } = options;
  return withJob(options, (job) => {
    if (kind !== undefined) return measureKind(job, kind, options);
    if (projections !== undefined) return measureTogether(job, { projections, rounds, workers });
    return workers === undefined ? measure(job, options) : measureWorkers(job, { workers, rounds });
  });
}

/** A kind beside the windows of the same events, by this version and perhaps another. */
async function measureKind(
  job: Job,
  kind: PaymentKind,
  { rounds, compare }: RebuildBenchOptions,
): Promise<BenchReport> {
  const expected = expectedKind(kind, job.events);
  const standings = await playRounds<string>(rounds, {
    reprise: () => runReprise(job, { kind: expected }),
    windows: () => runReprise(job),
    ...(compare && { compared: () => runReprise(job, { kind: expected, checkout: compare }) }),
  });
  const { events } = job;
  const rowCount = expected.rows.size;
  return rebuildReport(`rebuild ${kind}`, { events, expected: { rowCount } }, standings);
}

async function measure(job: Job, options: RebuildBenchOptions): Promise<BenchReport> {
  const { brokers, topic } = job.place;
  const { events } = job;
  const batchEvents = Math.min(events, options.comparisonEvents ?? events);
  const eachEvents = Math.min(events, options.eachEvents);
  const { compare } = options;
  const standings = await playRounds<string>(options.rounds, {
    reprise: () => runReprise(job),
    ...(compare === undefined
      ? { kafkajsDrain: () => runInChild('kafkajsDrain', { brokers, topic, events }) }
      : { compared: () => runReprise(job, { checkout: compare }) }),
    ...(compare === undefined && job.windowMs === WINDOW_MS && options.users === undefined
      ? {
          handWrittenBatch: () => runHandWritten(job, 'handWrittenBatch', batchEvents),
          handWrittenEach: () => runHandWritten(job, 'handWrittenEach', eachEvents),
        }
      : {}),
  });
  return rebuildReport('rebuild', job, standings);
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
