import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import type { Job } from './rebuild-job.ts';
import { runReprise } from './rebuild-job.ts';

/** How many workers share the rebuild that is compared with one. */
export interface WorkersBenchOptions {
  readonly workers: number;
  readonly rounds: number;
}

/** The rebuild shared by worker threads and the rebuild of one thread, taking turns. */
export async function measureWorkers(job: Job, options: WorkersBenchOptions): Promise<BenchReport> {
  const { reprise, oneWorker } = await playRounds(options.rounds, {
    reprise: () => runReprise(job, { workers: options.workers }),
    oneWorker: () => runReprise(job, { workers: 1 }),
  });
  const { eventsPerSecond, seconds, rssMaxBytes, cpuSeconds } = reprise;
  const comparisons = { oneWorker: oneWorker.eventsPerSecond };
  return {
    bench: 'rebuild',
    events: job.events,
    eventsPerSecond,
    rows: job.expected.rowCount,
    rowsPerSecond: job.expected.rowCount / seconds,
    rssMaxBytes,
    cpuSeconds,
    comparisons,
    ratios: ratiosOf(eventsPerSecond, comparisons),
  };
}
