import type { ProjectionVersion } from '../store/projection-version.ts';

/** Options of a switch. */
export interface ActivateOptions {
  /**
   * Refuse while live instances run the current version and none would run the other, so that the
   * view would not be updated. Default false: only a log line (the commands `activate` and
   * `rollback` refuse unless given `--force`).
   */
  readonly requireRunner?: boolean;
}

/** Result of a switch. `previousVersion` is null if none was active. */
export interface ActivateReport extends ProjectionVersion {
  readonly previousVersion: number | null;
}
