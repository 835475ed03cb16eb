import type { EventLog } from './log/event-log.ts';
import type { ProjectionReference } from './projection/plan/declared-projections.ts';
import type { Plan } from './projection/plan/plan.ts';
import type { Publisher } from './publish/publisher.ts';
import type { ReadModels } from './readmodel/read-models.ts';
import type { RegistryAdministration } from './registry/registry-administration.ts';
import type { SchemaRegistry } from './registry/schema-registry.ts';
import type { DeadLetters } from './runner/dead-letters/dead-letters.ts';
import type { Erasure } from './runner/erasure.ts';
import type { Instances } from './runner/ownership/instances.ts';
import type { Runner } from './runner/runner.ts';
import type { Schemas } from './runner/scan/schemas.ts';
import type { Health } from './runner/status/health.ts';
import type { ProjectionStatus, StatusOptions } from './runner/status/task-status.ts';
import type { Versions } from './runner/versions.ts';

/**
 * A composed application. Wherever a method takes a projection, it takes the declared class, an
 * instance of it, or its name. `createReprise(config)` creates one; `close` releases everything it
 * opened.
 * @example
 * const app = await createReprise(config);
 * await app.setUp();
 * await app.runner.start();
 */
export interface Reprise {
  /** The compiled projections, in the order of the configuration. */
  readonly plans: readonly Plan[];
  readonly publisher: Publisher;
  readonly readModels: ReadModels;
  readonly runner: Runner;
  readonly log: EventLog;
  /** The registry of the configuration: Confluent's, or the one kept in Postgres. */
  readonly registry: SchemaRegistry;
  /** Rebuild, activate, roll back, retire, drop and verify versions of projections. */
  readonly versions: Versions;
  /** List, redrive and discard records that could not be folded. */
  readonly deadLetters: DeadLetters;
  /** Data subjects: what is stored about them, and the destruction of their keys. */
  readonly erasure: Erasure;
  /** The schemas of the records in the log. */
  readonly schemas: Schemas;
  /** Serve, export and import the registry kept in Postgres. */
  readonly postgresRegistry: RegistryAdministration;
  /** The processes that run the projections. */
  readonly instances: Instances;
  /** Readiness, liveness and dependencies, for probes. */
  readonly health: Health;
  /**
   * Runs the framework's migrations, creates missing topics (`topicPartitions` of the config) and
   * registers the schemas. Safe to repeat.
   * @example
   * await app.setUp();
   */
  setUp(): Promise<void>;
  /**
   * Runs the framework's migrations alone. @returns the names of those applied now
   * @example
   * const applied = await app.migrate();
   */
  migrate(): Promise<readonly string[]>;
  /**
   * What each version of each projection is doing. Takes constant time unless the counts are to be
   * exact. Facts that need the log are null while it is unavailable.
   * @throws NOT_MIGRATED
   * @example
   * for (const { name, state, lagRecords } of await app.status()) {
   *   console.log(name, state, lagRecords);
   * }
   */
  status(options?: StatusOptions): Promise<readonly ProjectionStatus[]>;
  /**
   * Stops the tasks of a projection on all instances until `resume`, across restarts.
   * @throws UNKNOWN_PROJECTION
   * @example
   * await app.pause(UserMetrics);
   */
  pause(projection: ProjectionReference): Promise<void>;
  /**
   * Starts the tasks of a paused projection again, and those that halted.
   * @returns whether it was paused, or one of its tasks had halted
   * @throws UNKNOWN_PROJECTION
   * @example
   * await app.resume('user_metrics');
   */
  resume(projection: ProjectionReference): Promise<boolean>;
  /**
   * Stops the runner, flushes the publisher, closes connections. Idempotent.
   * @example
   * process.once('SIGTERM', () => app.close());
   */
  close(): Promise<void>;
}
