import type { BenchReport } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import type { Job } from './rebuild-job.ts';
import { runReprise } from './rebuild-job.ts';
import { rebuildReport } from './rebuild-report.ts';

/** How many projections are rebuilt together. */
export interface TogetherBenchOptions {
  readonly projections: number;
  readonly rounds: number;
  /** Of each of the two. Default: one. */
  readonly workers: number | undefined;
}

const MINUTE_MS = 60_000;
/** Windows of the second to the tenth projection: no two alike, divisors of an hour. */
const MORE_WINDOWS_MS = [3, 4, 5, 6, 12, 15, 20, 30, 60].map((minutes) => minutes * MINUTE_MS);

/**
 * Projections on one topic, rebuilt together, and the first of them alone, taking turns. Every row
 * of each is compared. The ratio is of times: how many times as long as one they take, all
 * together.
 */
export async function measureTogether(
  job: Job,
  { projections, rounds, workers }: TogetherBenchOptions,
): Promise<BenchReport> {
  const moreWindowsMs = MORE_WINDOWS_MS.slice(0, projections - 1);
  const shared = workers === undefined ? {} : { workers };
  const standings = await playRounds(rounds, {
    reprise: () => runReprise(job, { ...shared, moreWindowsMs }),
    one: () => runReprise(job, shared),
  });
  const report = rebuildReport('rebuild', job, standings);
  const { reprise, one } = standings;
  const timesAsLongAsOne = one.eventsPerSecond / reprise.eventsPerSecond;
  return { ...report, ratios: { ...report.ratios, timesAsLongAsOne } };
}
