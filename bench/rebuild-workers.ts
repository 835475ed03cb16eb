import type { BenchReport } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import type { Job } from './rebuild-job.ts';
import { runReprise } from './rebuild-job.ts';
import { rebuildReport } from './rebuild-report.ts';

/** How many workers share the rebuild that is compared with one. */
export interface WorkersBenchOptions {
  readonly workers: number;
  readonly rounds: number;
}

/** The rebuild shared by worker threads and the rebuild of one thread, taking turns. */
export async function measureWorkers(job: Job, options: WorkersBenchOptions): Promise<BenchReport> {
  const standings = await playRounds(options.rounds, {
    reprise: () => runReprise(job, { workers: options.workers }),
    oneWorker: () => runReprise(job, { workers: 1 }),
  });
  return rebuildReport('rebuild', job, standings);
}
