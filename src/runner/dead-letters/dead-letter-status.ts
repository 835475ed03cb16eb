import type { LogPosition } from '../../log/log-position.ts';
import type { ProjectionReference } from '../../projection/plan/declared-projections.ts';

export type { DeadLetterStatus } from '../store/dead-letter-store.ts';

/** Selects dead letters: all of a projection, or those that also match `position` and `key`. */
export interface DeadLetterSelection extends DeadLetterMatch {
  readonly projection: ProjectionReference;
}

/** Selects dead letters of a projection. Default: all. */
export interface DeadLetterMatch {
  /** The dead letter at this position. */
  readonly position?: LogPosition;
  /** The dead letters of this record key. */
  readonly key?: Buffer;
}

/** The result of folding dead letters again. */
export interface RedriveReport {
  readonly redriven: number;
  readonly failed: readonly (LogPosition & {
    /** Error code. */
    readonly reason: string;
    readonly message: string;
  })[];
  /** Not tried, because an earlier record of their key failed. */
  readonly waiting: number;
  /**
   * Removed before they were tried: another redrive folded them, or they were discarded. Absent if
   * there are none.
   */
  readonly gone?: number;
}
