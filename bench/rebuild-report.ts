import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';
import type { Standing } from './measure/rounds.ts';
import type { Job } from './rebuild-job.ts';

/** The report of runs of the job, in which `reprise` was the first. */
export function rebuildReport(
  bench: string,
  { events, expected }: Pick<Job, 'events'> & { readonly expected: { readonly rowCount: number } },
  standings: Readonly<Record<string, Standing>>,
): BenchReport {
  const { reprise, ...others } = standings;
  if (reprise === undefined) throw new Error('reprise did not run');
  const { eventsPerSecond, seconds, rssMaxBytes, cpuSeconds } = reprise;
  const comparisons = Object.fromEntries(
    Object.entries(others).map(([name, standing]) => [name, standing.eventsPerSecond]),
  );
  return {
    bench,
    events,
    eventsPerSecond,
    rows: expected.rowCount,
    rowsPerSecond: expected.rowCount / seconds,
    rssMaxBytes,
    cpuSeconds,
    comparisons,
    ratios: ratiosOf(eventsPerSecond, comparisons),
  };
}
