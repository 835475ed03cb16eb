import type { PublishFailureStatus } from '../outbox/publish-failure-status.ts';
import type { VersionState } from '../store/version-state.ts';
/** What one task (projection version × partition) is doing. */
export interface TaskStatus {
  /** A task that reads several topics has one entry for each. */
  readonly topic: string;
  readonly partition: number;
  /**
   * `halted`: a typed error stopped it; nothing is skipped until an operator acts. `paused`:
   * infrastructure is unavailable; the task retries with backoff.
   */
  readonly state: 'idle' | 'running' | 'paused' | 'halted';
  readonly nextOffset: bigint;
  /** Null: unknown, because the log did not answer or has no such topic. */
  readonly stableEndOffset: bigint | null;
  /** Null if `stableEndOffset` is null. */
  readonly lagRecords: bigint | null;
  readonly watermark: Date | null;
  readonly epoch: bigint;
  readonly owner: string | null;
  /** Why it is paused or halted: `CODE: message`. */
  readonly error: string | null;
}

/** Options of a status. */
export interface StatusOptions {
  /**
   * Count every row, dead letter, late event and unpublished event, which takes time in proportion
   * to them. Default false: constant time, see `rowsAreEstimated` and `countedUpTo`.
   */
  readonly exact?: boolean;
}

/**
 * What one version of a projection is doing, from Postgres and the log, whichever process runs it.
 */
export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  /**
   * `building`: not yet completed by `rebuild`; `ready`: may be activated; `active`: behind the
   * stable view; `frozen`: built as of a time, never run or activated.
   */
  readonly state: VersionState;
  /** The configuration no longer declares a projection of this name; `drop` removes it. */
  readonly isUndeclared: boolean;
  /** True after `pause`: no instance runs its tasks. */
  readonly paused: boolean;
  readonly rows: bigint;
  /**
   * True if `rows` is an estimate from Postgres's statistics, because the table is large. Always
   * false with `exact`.
   */
  readonly rowsAreEstimated: boolean;
  /** Null: unknown for at least one task, because the log did not answer. */
  readonly lagRecords: bigint | null;
  readonly deadLetters: bigint;
  /** Events that were too late to count; stored in `reprise.late_events`. */
  readonly lateEvents: bigint;
  /** Events in the outbox that are not published yet. */
  readonly unpublished: bigint;
  /** Why some of them are delayed: the first failing event of each topic and key. */
  readonly publishFailures: readonly PublishFailureStatus[];
  /**
   * Limit up to which `deadLetters`, `lateEvents` and `unpublished` were counted: a number equal to
   * it means that many or more. Null with `exact`.
   */
  readonly countedUpTo: bigint | null;
  readonly tasks: readonly TaskStatus[];
}

/** Whether a server that the application depends on answers the calling process. */
export interface DependencyStatus {
  /** `kafka` only if it is the log, `registry` only if it is not stored in Postgres. */
  readonly name: 'postgres' | 'kafka' | 'registry';
  readonly isAvailable: boolean;
  /** Why it is unavailable; null: it is available. */
  readonly reason: string | null;
}

/** Which instances a liveness check counts. */
export interface LivenessOptions {
  /** Count only instances of this host, as in the first part of `InstanceStatus.instance`. */
  readonly host?: string;
}

/** Health of the application, for probes. */
export interface HealthReport {
  /**
   * Whether this process or another instance runs the projections. Null: unknown, because Postgres
   * does not answer.
   */
  readonly isLive: boolean | null;
  /**
   * In addition: all dependencies are available, every task of an active version that is not paused
   * has an owner, and none has halted or waits for infrastructure.
   */
  readonly isReady: boolean;
  readonly problems: readonly string[];
  readonly dependencies: readonly DependencyStatus[];
}
