import type { EventLog } from './log/event-log.ts';
import type { LogPosition } from './log/log-position.ts';
import type { Plan } from './projection/plan/plan.ts';
import type { Publisher } from './publish/publisher.ts';
import type { ReadModels } from './readmodel/read-models.ts';
import type { ImportReport, RegistryExport } from './registry/registry-export.ts';
import type { RegistryServer, RegistryServerOptions } from './registry/registry-server.ts';
import type { SchemaRegistry } from './registry/schema-registry.ts';
import type {
  DeadLetterSelection,
  DeadLetterStatus,
  RedriveReport,
} from './runner/dead-letters/dead-letter-status.ts';
import type { InstanceStatus } from './runner/ownership/instance-status.ts';
import type { RebuildOptions, RebuildReport } from './runner/rebuild/rebuild-report.ts';
import type { Runner } from './runner/runner.ts';
import type { ScanOptions, ScanReport } from './runner/scan/scan-report.ts';
import type {
  HealthReport,
  LivenessOptions,
  PartStatus,
  ProjectionStatus,
  StatusOptions,
} from './runner/status/task-status.ts';
import type { JournaledTick } from './runner/store/journaled-tick.ts';
import type { SubjectReport } from './runner/subject-report.ts';
import type { ActivateOptions, ActivateReport } from './runner/switch/activate-report.ts';
import type { RefreshReport, VerifyOptions, VerifyReport } from './runner/verify/verify-report.ts';

/**
 * A composed application. `createReprise(config)` makes one; `close` releases everything it opened.
 */
export interface Reprise {
  /** The compiled projections, in the order of the configuration. */
  readonly plans: readonly Plan[];
  readonly publisher: Publisher;
  readonly readModels: ReadModels;
  readonly runner: Runner;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  /**
   * Runs the framework's migrations, creates missing topics (`topicPartitions` of the config) and
   * registers the schemas. Safe to repeat.
   */
  setUp(): Promise<void>;
  /** Only the migrations. @returns names of those applied now */
  migrate(): Promise<readonly string[]>;
  /**
   * Replays the declared version of a projection into new tables beside the live ones. @throws
   * REBUILD_REFUSED, UNKNOWN_PROJECTION, WORKER_FAILED
   */
  rebuild(name: string, options?: RebuildOptions): Promise<RebuildReport>;
  /**
   * The same for several projections at once, each named once or more: those that read the same
   * topic are replayed from one reading of it. The first failure ends all; what was replayed is
   * kept.
   * @returns a report for each, in their order @throws as `rebuild`
   */
  rebuildTogether(
    names: readonly string[],
    options?: RebuildOptions,
  ): Promise<readonly RebuildReport[]>;
  /**
   * Swaps the stable view to the declared version in one transaction. @throws ACTIVATE_REFUSED,
   * UNKNOWN_PROJECTION
   */
  activate(name: string, options?: ActivateOptions): Promise<ActivateReport>;
  /** Puts the version that was active before back, in one transaction. @throws ROLLBACK_REFUSED */
  rollback(name: string, options?: Pick<ActivateOptions, 'requireRunner'>): Promise<ActivateReport>;
  /**
   * Drops a version that is not active, or gives up one that is being built. @throws
   * RETIRE_REFUSED, UNKNOWN_PROJECTION
   */
  retire(name: string, version: number): Promise<void>;
  /**
   * Removes a projection that nobody runs: its views, the tables of all its versions and everything
   * known of it; the log keeps its events. One that is declared would begin anew at the next start:
   * `force` allows that. @returns the versions it had. @throws DROP_REFUSED, UNKNOWN_PROJECTION
   */
  drop(name: string, options?: { readonly force?: boolean }): Promise<readonly number[]>;
  /**
   * Replays a projection into scratch tables, up to where the live version stands, and compares
   * every row. @throws VERIFY_REFUSED, UNKNOWN_PROJECTION
   */
  verify(name: string, options?: VerifyOptions): Promise<VerifyReport>;
  /**
   * Records that could not be folded: of a projection or of all (null), in log order; of one
   * position. @throws UNKNOWN_DEAD_LETTER where that has none
   */
  deadLetters(name: string | null, position?: LogPosition): Promise<readonly DeadLetterStatus[]>;
  /**
   * Throws dead letters away: the one at a position, or all of the projection (null). @returns how
   * many. @throws UNKNOWN_DEAD_LETTER
   */
  discardDeadLetters(name: string, position: LogPosition | null): Promise<number>;
  /**
   * Folds dead letters of the declared version again, in order, where their tasks stand now; the
   * first of a key that fails again keeps the rest of that key. @throws UNKNOWN_PROJECTION,
   * UNKNOWN_DEAD_LETTER, QUARANTINED
   */
  redrive(name: string, selection?: DeadLetterSelection): Promise<RedriveReport>;
  /**
   * Reads the log without writing anything: which schemas it holds, and whether the projections, as
   * they are declared now, can read it. @throws UNKNOWN_PROJECTION, UNKNOWN_TOPIC
   */
  scan(options?: ScanOptions): Promise<ScanReport>;
  /** What is known of a subject of `pii` fields. Changes nothing. */
  subject(subject: string): Promise<SubjectReport>;
  /**
   * Destroys the key of a subject, and notes when and by whom; what it encrypted reads as
   * `REDACTED` from then on. Idempotent. Rows made before keep what they hold until `refresh`.
   */
  forget(
    subject: string,
    options: { readonly by: string },
  ): Promise<SubjectReport & { readonly destroyed: boolean }>;
  /**
   * Makes the rows of the declared version what a replay gives today, in place; its tasks stand
   * still meanwhile. @throws VERIFY_REFUSED, REFRESH_REFUSED, UNKNOWN_PROJECTION
   */
  refresh(name: string, options?: VerifyOptions): Promise<RefreshReport>;
  /**
   * Takes constant time unless the counts are to be exact. What the log is needed for is null while
   * it is away. @throws NOT_MIGRATED
   */
  status(options?: StatusOptions): Promise<readonly ProjectionStatus[]>;
  /** Asks Postgres, Kafka and a foreign registry whether they are there. Answers within 8 s. */
  parts(): Promise<readonly PartStatus[]>;
  /**
   * For probes of readiness: true whichever process asks. A rebuild or lag is no problem. Answers
   * whichever part is away.
   */
  health(): Promise<HealthReport>;
  /**
   * For probes of liveness: whether this process runs the projections, or another instance does.
   * Asks Postgres alone; null: it does not answer, which is no reason to end a process.
   */
  isLive(options?: LivenessOptions): Promise<boolean | null>;
  /**
   * The ticks of the active version of a projection, in the order of each partition. @throws
   * UNKNOWN_PROJECTION
   */
  ticks(name: string): Promise<readonly JournaledTick[]>;
  /** Live instances, and those that went silent in the last ten minutes. */
  instances(): Promise<readonly InstanceStatus[]>;
  /**
   * Has every instance give the projection's tasks back, and none run them until `resume`; survives
   * restarts. @throws UNKNOWN_PROJECTION
   */
  pause(name: string): Promise<void>;
  /**
   * Lets a projection's tasks run again; those that halted are tried once more. @returns whether it
   * was paused, or a task of it had halted. @throws UNKNOWN_PROJECTION
   */
  resume(name: string): Promise<boolean>;
  /** Asks an instance, or all (null), to finish and end. @returns those that were asked */
  requestStop(instance: string | null): Promise<readonly string[]>;
  /**
   * Serves the registry kept in Postgres by Confluent's REST API, until closed or the application
   * is. `options` are stronger than the configuration. The tables must be there (`migrate`).
   * @throws PORT_IN_USE, CONFIG_INVALID when it cannot listen there
   */
  serveRegistry(options?: RegistryServerOptions): Promise<RegistryServer>;
  /**
   * All of the registry kept in Postgres, ids included: what `importRegistry` takes. @throws
   * NOT_MIGRATED, REGISTRY_UNAVAILABLE
   */
  exportRegistry(): Promise<RegistryExport>;
  /**
   * Brings an export into the registry kept in Postgres, all or nothing; safe to repeat. @throws
   * REGISTRY_REFUSED where an id means another schema there, NOT_MIGRATED
   */
  importRegistry(exported: RegistryExport): Promise<ImportReport>;
  /** Stops the runner, flushes the publisher, closes connections. Idempotent. */
  close(): Promise<void>;
}
