import type { LogPosition } from '../../log/log-position.ts';
import type { ProjectionReference } from '../../projection/plan/declared-projections.ts';

export type { DeadLetterStatus } from '../store/dead-letter-store.ts';

/** Selects dead letters: all of a projection, or those that also match `position` and `key`. */
export interface DeadLetterSelection extends DeadLetterMatch {
  readonly projection: ProjectionReference;
}

/** Which dead letters of a projection; default: all. */
export interface DeadLetterMatch {
  /** The dead letter at this position. */
  readonly position?: LogPosition;
  /** The dead letters of this record key. */
  readonly key?: Buffer;
}

/** What became of dead letters that were folded again. */
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
   * Not there any more when their turn came: another redrive had folded them, or they were
   * discarded. Absent where there are none.
   */
  readonly gone?: number;
}
