import type { Plan } from '../../projection/plan/plan.ts';
import { rateOf } from './rate.ts';
import type { RebuildProgress } from './rebuild-report.ts';

const EVERY_MS = 250;

/** Counts the records of a rebuild and reports its progress. */
export interface ProgressMeter {
  readonly add: (records: number) => void;
  readonly phase: (phase: RebuildProgress['phase']) => void;
  readonly records: () => number;
}

/**
 * Counts replayed records and reports the rate and ETA, a few times a second and at every change of
 * phase.
 */
export function createProgress(
  plan: Pick<Plan, 'name' | 'version'>,
  totalRecords: number,
  onProgress: ((progress: RebuildProgress) => void) | undefined,
): ProgressMeter {
  const startedMs = performance.now();
  let records = 0;
  let phase: RebuildProgress['phase'] = 'replay';
  let reportedMs = startedMs;
  const report = () => {
    reportedMs = performance.now();
    const { recordsPerSecond, etaSeconds: left } = rateOf(records, totalRecords, startedMs);
    const etaSeconds = phase === 'replay' ? left : null;
    const { name, version } = plan;
    onProgress?.({ name, version, phase, records, totalRecords, recordsPerSecond, etaSeconds });
  };
  return {
    add(count) {
      records += count;
      if (performance.now() - reportedMs >= EVERY_MS) report();
    },
    phase(next) {
      phase = next;
      report();
    },
    records: () => records,
  };
}
