import type { CopyPhase } from '../log/copy/copy-topics.ts';
import { type Rate, rateOf } from '../runner/rebuild/rate.ts';

const EVERY_MS = 250;

/** Progress of a copy of the log, within its phase. */
export interface CopyProgress extends Rate {
  /** `compare`: find what the target already has; `copy`; `verify`: read back; `done`. */
  readonly phase: CopyPhase | 'done';
  readonly records: number;
  readonly totalRecords: number;
}

/**
 * Counts the records of a phase, and reports the rate and ETA a few times a second and at every
 * change of phase.
 */
export class CopyMeter {
  readonly #onProgress: (progress: CopyProgress) => void;
  #phase: CopyProgress['phase'] = 'compare';
  #total = 0;
  #records = 0;
  #startedMs = 0;
  #reportedMs = 0;

  constructor(onProgress: (progress: CopyProgress) => void = () => undefined) {
    this.#onProgress = onProgress;
  }

  /** Starts a phase with this number of records. */
  phase(phase: CopyProgress['phase'], totalRecords: number): void {
    this.#phase = phase;
    this.#total = totalRecords;
    this.#records = 0;
    this.#startedMs = performance.now();
    this.#report();
  }

  add(records: number): void {
    this.#records += records;
    if (performance.now() - this.#reportedMs >= EVERY_MS) this.#report();
  }

  #report(): void {
    this.#reportedMs = performance.now();
    this.#onProgress({
      phase: this.#phase,
      records: this.#records,
      totalRecords: this.#total,
      ...rateOf(this.#records, this.#total, this.#startedMs),
    });
  }
}
