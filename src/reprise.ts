import type { SubjectKey } from './erasure/postgres/forget-subject.ts';
import type { EventLog } from './log/event-log.ts';
import type { Plan } from './projection/plan.ts';
import type { Publisher } from './publish/publisher.ts';
import type { ReadModels } from './readmodel/read-models.ts';
import type { ImportReport, RegistryExport } from './registry/registry-export.ts';
import type { RegistryServer, RegistryServerOptions } from './registry/registry-server.ts';
import type { SchemaRegistry } from './registry/schema-registry.ts';
import type {
  HealthReport,
  InstanceStatus,
  LivenessOptions,
  PartStatus,
  ProjectionStatus,
  StatusOptions,
} from './reprise-status.ts';
import type { ScanOptions, ScanReport } from './scan-report.ts';

export type {
  HealthReport,
  InstanceStatus,
  LivenessOptions,
  PartStatus,
  ProjectionStatus,
  PublishFailureStatus,
  StatusOptions,
  TaskStatus,
} from './reprise-status.ts';

/** A version of a projection. */
interface ProjectionVersion {
  readonly name: string;
  readonly version: number;
}

/** How far a rebuild has come. `etaSeconds` is null outside the replay and before a rate is known. */
export interface RebuildProgress extends ProjectionVersion {
  readonly phase: 'replay' | 'merge' | 'index' | 'done';
  readonly records: number;
  readonly totalRecords: number;
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/** Threads that share a rebuild. */
export interface RebuildWorkers {
  /** The file whose default export is this application's configuration, as a path or a `file:` URL: a thread cannot be handed projection classes, so each loads them. */
  readonly configFile: string | URL;
  /** With the thread that calls; never more than there are partitions. Default: `rebuildWorkers` of the configuration; without it as many as the machine has cores, and 1 for a short log. */
  readonly count?: number;
}

/** How to rebuild. */
export interface RebuildOptions {
  readonly signal?: AbortSignal;
  /** Told a few times a second for each projection, and at each new phase. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Accept a log that no longer begins at 0. Default false: DATA_LOSS. */
  readonly fromStartOfLog?: boolean;
  /** Only the records before the first one, in each partition, whose timestamp is this or later; the version is frozen then. */
  readonly asOf?: Date;
  /** Shares the partitions between threads. Default: this thread replays them all. */
  readonly workers?: RebuildWorkers;
}

/** What a finished rebuild did. */
export interface RebuildReport extends ProjectionVersion {
  readonly records: number;
  readonly rows: bigint;
  readonly seconds: number;
}

/** A place in the log. */
export interface LogPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A record that could not be folded, set aside as the error policy says. */
export interface DeadLetterStatus extends LogPosition {
  readonly projection: string;
  readonly version: number;
  /** Error code. */
  readonly reason: string;
  readonly message: string;
  readonly attempts: number;
  /** `failed`: later records of its key wait behind it; `waiting`: it is one of those; null: only itself was set aside. */
  readonly quarantine: 'failed' | 'waiting' | null;
  readonly recordTimestamp: Date | null;
  readonly setAsideAt: Date;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

/** Which dead letters of a projection: all, unless it says less. */
export interface DeadLetterSelection {
  /** The one at a position. */
  readonly position?: LogPosition;
  /** Those of a record key. */
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
  /** Not there any more when their turn came: another redrive had folded them, or they were discarded. Absent where there are none. */
  readonly gone?: number;
}

/** A partition had been quiet, and its task let event time go on: a decision that every replay repeats. */
export interface JournaledTick {
  readonly partition: number;
  /** Where the task stood, by topic. */
  readonly nextOffsets: ReadonlyMap<string, bigint>;
  /** Since the last event. */
  readonly quietMs: number;
}

/** How to verify. */
export interface VerifyOptions {
  /** A stored version of the same shape. Default: the declared one. */
  readonly against?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly fromStartOfLog?: boolean;
}

/** Records of a partition, `[fromOffset, untilOffset)`. */
export interface LogRange {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly untilOffset: bigint;
}

/** A row that is not what a replay gives. */
export interface RowDifference {
  readonly table: string;
  readonly partition: number;
  readonly key: Readonly<Record<string, unknown>>;
  /** `missing`: only the replay has it; `surplus`: only the live table. */
  readonly kind: 'missing' | 'surplus' | 'different';
  /** Columns that differ, hidden ones included. */
  readonly columns: readonly {
    readonly name: string;
    readonly live: unknown;
    readonly replayed: unknown;
  }[];
  /** The first records that changed the row when they were replayed, in their order, at most twenty. Empty for a row that no record makes. */
  readonly records: readonly LogPosition[];
  /** Where in each topic all records lie that changed it. */
  readonly ranges: readonly LogRange[];
}

/** What a verification found. */
export interface VerifyReport extends ProjectionVersion {
  readonly records: number;
  readonly rows: bigint;
  /** 0: equal to the byte. */
  readonly differentRows: number;
  /** The first of them, at most ten for each table. */
  readonly differences: readonly RowDifference[];
  /** Up to where the log was replayed. */
  readonly offsets: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly nextOffset: bigint;
  }[];
  readonly seconds: number;
}

/** What refreshing the rows of a version did. */
export interface RefreshReport extends ProjectionVersion {
  readonly records: number;
  /** Rows that were not what a replay gives, and are now. */
  readonly rowsReplaced: number;
  readonly seconds: number;
}

/** A version of a projection that sees `pii` fields: its rows may hold what a subject's key encrypted. */
export interface AffectedProjection extends ProjectionVersion {
  readonly state: 'building' | 'ready' | 'active' | 'frozen';
  /** Whether it is the version that the configuration declares: `refresh` works on that one, the others have to be retired. */
  readonly isDeclared: boolean;
  /** The key column that holds subjects; null: rows are found by a replay only. */
  readonly column: string | null;
  /** Rows of the subject by that column; null: unknown. */
  readonly rows: bigint | null;
}

/** A dead letter that holds values of a subject. */
export interface AffectedLetter extends LogPosition {
  readonly projection: string;
  readonly version: number;
  /** Error code. */
  readonly reason: string;
  /** Its value was never encrypted: destroying the key does nothing to it. */
  readonly isPlain: boolean;
}

/** What is known of a subject. */
export interface SubjectReport {
  readonly subject: string;
  /** Its keys, oldest first, destroyed ones included: what, when, by whom. */
  readonly keys: readonly SubjectKey[];
  readonly projections: readonly AffectedProjection[];
  readonly deadLetters: readonly AffectedLetter[];
}

/** How to switch. */
export interface ActivateOptions {
  /**
   * Refuse while live instances run the version in place and none would run the other, so that the view
   * would stand still. Default false: the log says so (the commands `activate` and `rollback` refuse
   * unless given `--force`).
   */
  readonly requireRunner?: boolean;
}

/** What a switch did. `previousVersion` is null when none was active. */
export interface ActivateReport extends ProjectionVersion {
  readonly previousVersion: number | null;
}

/** Counters of this process's runner, for live views: monotonic since start. */
export interface RunnerCounters extends ProjectionVersion {
  readonly recordsFolded: number;
  readonly rowsWritten: number;
  readonly flushes: number;
  readonly lateEvents: number;
  readonly deadLetters: number;
}

/** A task that this process has. */
export interface RunnerTask extends ProjectionVersion {
  readonly partition: number;
  /** `opening`: being validated against the log, or tried again after a fault of infrastructure. */
  readonly phase: 'opening' | 'running' | 'halted';
}

/** Folds the log into the read models in this process. */
export interface Runner {
  /** `host/process/id`: the name of this instance in `TaskStatus.owner` and `InstanceStatus.instance`. */
  readonly instance: string;
  /** Takes its fair share of the tasks and folds until stopped. Resolves once those it took at first run or have said why not, or once it is stopped; it goes on sharing with other instances. A second call joins the first. @throws CLOSED after `stop`: a stopped runner is not started again */
  start(): Promise<void>;
  /** Finishes or rolls back batches in flight within `graceMs` (default 10,000), gives the tasks back. Statements that take longer are cancelled, and given up three seconds later. Idempotent. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  counters(): readonly RunnerCounters[];
  /** The tasks that this process has now, in the order of the configuration. */
  tasks(): readonly RunnerTask[];
  /** Aborts when `reprise stop` asked this instance to end: call `stop` then. */
  readonly stopRequested: AbortSignal;
}

/** A composed application. `createReprise(config)` makes one; `close` releases everything it opened. */
export interface Reprise {
  /** The compiled projections, in the order of the configuration. */
  readonly plans: readonly Plan[];
  readonly publisher: Publisher;
  readonly readModels: ReadModels;
  readonly runner: Runner;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  /** Runs the framework's migrations, creates missing topics (`topicPartitions` of the config) and registers the schemas. Safe to repeat. */
  setUp(): Promise<void>;
  /** Only the migrations. @returns names of those applied now */
  migrate(): Promise<readonly string[]>;
  /** Replays the declared version of a projection into new tables beside the live ones. @throws REBUILD_REFUSED, UNKNOWN_PROJECTION, WORKER_FAILED */
  rebuild(name: string, options?: RebuildOptions): Promise<RebuildReport>;
  /**
   * The same for several projections at once, each named once or more: those that read the same topic are replayed from one reading of it. The first failure ends all; what was replayed is kept.
   * @returns a report for each, in their order @throws as `rebuild`
   */
  rebuildTogether(
    names: readonly string[],
    options?: RebuildOptions,
  ): Promise<readonly RebuildReport[]>;
  /** Swaps the stable view to the declared version in one transaction. @throws ACTIVATE_REFUSED, UNKNOWN_PROJECTION */
  activate(name: string, options?: ActivateOptions): Promise<ActivateReport>;
  /** Puts the version that was active before back, in one transaction. @throws ROLLBACK_REFUSED */
  rollback(name: string, options?: Pick<ActivateOptions, 'requireRunner'>): Promise<ActivateReport>;
  /** Drops a version that is not active, or gives up one that is being built. @throws RETIRE_REFUSED, UNKNOWN_PROJECTION */
  retire(name: string, version: number): Promise<void>;
  /**
   * Removes a projection that nobody runs: its views, the tables of all its versions and everything
   * known of it; the log keeps its events. One that is declared would begin anew at the next start:
   * `force` allows that. @returns the versions it had. @throws DROP_REFUSED, UNKNOWN_PROJECTION
   */
  drop(name: string, options?: { readonly force?: boolean }): Promise<readonly number[]>;
  /** Replays a projection into scratch tables, up to where the live version stands, and compares every row. @throws VERIFY_REFUSED, UNKNOWN_PROJECTION */
  verify(name: string, options?: VerifyOptions): Promise<VerifyReport>;
  /** Records that could not be folded: of a projection or of all (null), in log order; of one position. @throws UNKNOWN_DEAD_LETTER where that has none */
  deadLetters(name: string | null, position?: LogPosition): Promise<readonly DeadLetterStatus[]>;
  /** Throws dead letters away: the one at a position, or all of the projection (null). @returns how many. @throws UNKNOWN_DEAD_LETTER */
  discardDeadLetters(name: string, position: LogPosition | null): Promise<number>;
  /** Folds dead letters of the declared version again, in order, where their tasks stand now; the first of a key that fails again keeps the rest of that key. @throws UNKNOWN_PROJECTION, UNKNOWN_DEAD_LETTER, QUARANTINED */
  redrive(name: string, selection?: DeadLetterSelection): Promise<RedriveReport>;
  /** Reads the log without writing anything: which schemas it holds, and whether the projections, as they are declared now, can read it. @throws UNKNOWN_PROJECTION, UNKNOWN_TOPIC */
  scan(options?: ScanOptions): Promise<ScanReport>;
  /** What is known of a subject of `pii` fields. Changes nothing. */
  subject(subject: string): Promise<SubjectReport>;
  /** Destroys the key of a subject, and notes when and by whom; what it encrypted reads as `REDACTED` from then on. Idempotent. Rows made before keep what they hold until `refresh`. */
  forget(
    subject: string,
    options: { readonly by: string },
  ): Promise<SubjectReport & { readonly destroyed: boolean }>;
  /** Makes the rows of the declared version what a replay gives today, in place; its tasks stand still meanwhile. @throws VERIFY_REFUSED, REFRESH_REFUSED, UNKNOWN_PROJECTION */
  refresh(name: string, options?: VerifyOptions): Promise<RefreshReport>;
  /** Takes constant time unless the counts are to be exact. What the log is needed for is null while it is away. @throws NOT_MIGRATED */
  status(options?: StatusOptions): Promise<readonly ProjectionStatus[]>;
  /** Asks Postgres, Kafka and a foreign registry whether they are there. Answers within 8 s. */
  parts(): Promise<readonly PartStatus[]>;
  /** For probes of readiness: true whichever process asks. A rebuild or lag is no problem. Answers whichever part is away. */
  health(): Promise<HealthReport>;
  /**
   * For probes of liveness: whether this process runs the projections, or another instance does. Asks Postgres alone; null: it does not answer, which is no reason to end
   * a process.
   */
  isLive(options?: LivenessOptions): Promise<boolean | null>;
  /** The ticks of the active version of a projection, in the order of each partition. @throws UNKNOWN_PROJECTION */
  ticks(name: string): Promise<readonly JournaledTick[]>;
  /** Live instances, and those that went silent in the last ten minutes. */
  instances(): Promise<readonly InstanceStatus[]>;
  /** Has every instance give the projection's tasks back, and none run them until `resume`; survives restarts. @throws UNKNOWN_PROJECTION */
  pause(name: string): Promise<void>;
  /** Lets a projection's tasks run again; those that halted are tried once more. @returns whether it was paused, or a task of it had halted. @throws UNKNOWN_PROJECTION */
  resume(name: string): Promise<boolean>;
  /** Asks an instance, or all (null), to finish and end. @returns those that were asked */
  requestStop(instance: string | null): Promise<readonly string[]>;
  /**
   * Serves the registry kept in Postgres by Confluent's REST API, until closed or the application is. `options` are stronger than the configuration. The tables must be
   * there (`migrate`). @throws PORT_IN_USE, CONFIG_INVALID when it cannot listen there
   */
  serveRegistry(options?: RegistryServerOptions): Promise<RegistryServer>;
  /** All of the registry kept in Postgres, ids included: what `importRegistry` takes. @throws NOT_MIGRATED, REGISTRY_UNAVAILABLE */
  exportRegistry(): Promise<RegistryExport>;
  /** Brings an export into the registry kept in Postgres, all or nothing; safe to repeat. @throws REGISTRY_REFUSED where an id means another schema there, NOT_MIGRATED */
  importRegistry(exported: RegistryExport): Promise<ImportReport>;
  /** Stops the runner, flushes the publisher, closes connections. Idempotent. */
  close(): Promise<void>;
}
