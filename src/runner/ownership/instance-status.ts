/** A process that runs tasks, as Postgres knows it. */
export interface InstanceStatus {
  /** `host/process/id`, as in `TaskStatus.owner`. */
  readonly instance: string;
  readonly startedAt: Date;
  /** When it last renewed its lease. */
  readonly lastHeartbeatAt: Date;
  /** Whether its lease has not run out. */
  readonly isLive: boolean;
  readonly stopRequested: boolean;
  /** Tasks it owns. */
  readonly tasks: number;
}
