import type { ProjectionVersion } from '../store/projection-version.ts';

/** How to switch. */
export interface ActivateOptions {
  /**
   * Refuse while live instances run the version in place and none would run the other, so that the
   * view would stand still. Default false: the log says so (the commands `activate` and `rollback`
   * refuse unless given `--force`).
   */
  readonly requireRunner?: boolean;
}

/** What a switch did. `previousVersion` is null when none was active. */
export interface ActivateReport extends ProjectionVersion {
  readonly previousVersion: number | null;
}
