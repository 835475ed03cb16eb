import type { LogPosition } from '../../log/log-position.ts';
import type { ProjectionReference } from '../../projection/plan/declared-projections.ts';

/** A record that could not be folded, set aside as the error policy says. */
export interface DeadLetterStatus extends LogPosition {
  readonly projection: string;
  readonly version: number;
  /** Error code. */
  readonly reason: string;
  readonly message: string;
  readonly attempts: number;
  /**
   * `failed`: later records of its key wait behind it; `waiting`: it is one of those; null: only
   * itself was set aside.
   */
  readonly quarantine: 'failed' | 'waiting' | null;
  readonly recordTimestamp: Date | null;
  readonly setAsideAt: Date;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

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
