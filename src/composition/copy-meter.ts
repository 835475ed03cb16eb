import type { CopyPhase } from '../log/copy/copy-topics.ts';

const EVERY_MS = 250;

/** How far a copy of the log has come, within its phase. `etaSeconds` is null before a rate is known. */
export interface CopyProgress {
  /** `compare`: what the target has already; `copy`; `verify`: reading back; `done`. */
  readonly phase: CopyPhase | 'done';
  readonly records: number;
  readonly totalRecords: number;
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/** Counts the records of a phase and tells rate and remaining time, a few times a second and at every change of phase. */
export class CopyMeter {
  readonly #tell: (progress: CopyProgress) => void;
  #phase: CopyProgress['phase'] = 'compare';
  #total = 0;
  #records = 0;
  #startedMs = 0;
  #toldMs = 0;

  constructor(tell: (progress: CopyProgress) => void = () => undefined) {
    this.#tell = tell;
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
    if (performance.now() - this.#toldMs >= EVERY_MS) this.#report();
  }

  #report(): void {
    this.#toldMs = performance.now();
    const seconds = Math.max(0.001, (this.#toldMs - this.#startedMs) / 1000);
    const recordsPerSecond = Math.round(this.#records / seconds);
    this.#tell({
      phase: this.#phase,
      records: this.#records,
      totalRecords: this.#total,
      recordsPerSecond,
      etaSeconds: recordsPerSecond > 0 ? (this.#total - this.#records) / recordsPerSecond : null,
    });
  }
}
