import type { CopyPhase } from '../log/copy/copy-topics.ts';
import { type Rate, rateOf } from '../runner/rebuild/rate.ts';

const EVERY_MS = 250;

/** How far a copy of the log has come, within its phase. */
export interface CopyProgress extends Rate {
  /** `compare`: what the target has already; `copy`; `verify`: reading back; `done`. */
  readonly phase: CopyPhase | 'done';
  readonly records: number;
  readonly totalRecords: number;
}

/**
 * Counts the records of a phase and tells rate and remaining time, a few times a second and at
 * every change of phase.
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

  /** A phase begins, with so many records before it. */
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
