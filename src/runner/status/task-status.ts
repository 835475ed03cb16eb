import type { PublishFailureStatus } from '../outbox/publish-failure-status.ts';
import type { VersionState } from '../store/version-state.ts';
/** What one task (projection version × partition) is doing. */
export interface TaskStatus {
  /** A task that reads several topics has one entry for each. */
  readonly topic: string;
  readonly partition: number;
  /**
   * `halted`: a typed error stopped it; nothing is skipped until somebody acts. `paused`:
   * infrastructure is away, retrying with backoff.
   */
  readonly state: 'idle' | 'running' | 'paused' | 'halted';
  readonly nextOffset: bigint;
  /** Null: unknown, the log did not answer or has no such topic. */
  readonly stableEndOffset: bigint | null;
  /** Null where `stableEndOffset` is. */
  readonly lagRecords: bigint | null;
  readonly watermark: Date | null;
  readonly epoch: bigint;
  readonly owner: string | null;
  /** Why it is paused or halted: `CODE: message`. */
  readonly error: string | null;
}

/** How exact a status has to be. */
export interface StatusOptions {
  /**
   * Count every row, dead letter, late event and unpublished event, which takes time in proportion
   * to them. Default false: constant time, see `rowsAreEstimated` and `countedUpTo`.
   */
  readonly exact?: boolean;
}

/**
 * What one version of a projection is doing, from Postgres and the log: true whichever process runs
 * it.
 */
export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  /**
   * `building`: not yet caught up by `rebuild`; `ready`: may be activated; `active`: behind the
   * stable view; `frozen`: built as of a time, not run, not to be activated.
   */
  readonly state: VersionState;
  /** The configuration has no projection of that name any more; `drop` removes it. */
  readonly isUndeclared: boolean;
  /** By `pause`: no instance runs its tasks. */
  readonly paused: boolean;
  readonly rows: bigint;
  /** `rows` is what Postgres's statistics say, because the table is large. Never with `exact`. */
  readonly rowsAreEstimated: boolean;
  /** Null: unknown for one task at least, because the log did not answer. */
  readonly lagRecords: bigint | null;
  readonly deadLetters: bigint;
  /** Events that came too late to count; in `reprise.late_events`. */
  readonly lateEvents: bigint;
  /** Events in the outbox, not yet published. */
  readonly unpublished: bigint;
  /** What holds some of them up: the first failing event of each topic and key. */
  readonly publishFailures: readonly PublishFailureStatus[];
  /**
   * `deadLetters`, `lateEvents` and `unpublished` were counted up to this number: one that is equal
   * to it means that many or more. Null with `exact`.
   */
  readonly countedUpTo: bigint | null;
  readonly tasks: readonly TaskStatus[];
}

/** Whether a server that the application depends on answers the process that asks. */
export interface DependencyStatus {
  /** `kafka` only where it is the log, `registry` only where it is not kept in Postgres. */
  readonly name: 'postgres' | 'kafka' | 'registry';
  readonly isAvailable: boolean;
  /** Why it is unavailable; null: it is available. */
  readonly reason: string | null;
}

/** Which instances a question about liveness means. */
export interface LivenessOptions {
  /** Only instances of this host, as in the first part of `InstanceStatus.instance`. */
  readonly host?: string;
}

/** Whether the application is well, for probes. */
export interface HealthReport {
  /**
   * This process runs the projections, or another instance does. Null: not known, because Postgres
   * does not answer.
   */
  readonly isLive: boolean | null;
  /**
   * Besides, all dependencies are available, every task of an active version that is not paused has
   * an owner, and none has halted or waits for infrastructure.
   */
  readonly isReady: boolean;
  readonly problems: readonly string[];
  readonly dependencies: readonly DependencyStatus[];
}
