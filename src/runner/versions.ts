import type {
  DeclaredProjections,
  ProjectionReference,
} from '../projection/plan/declared-projections.ts';
import { rebuild } from './rebuild/rebuild.ts';
import type { RebuildOptions, RebuildReport, RebuildWorkers } from './rebuild/rebuild-report.ts';
import type { FindReplayers } from './rebuild/replayer.ts';
import type { RunnerSettings } from './settings/runner-settings.ts';
import type { IdleAdvance } from './store/idle-advance.ts';
import { readIdleAdvances } from './store/journal-store.ts';
import { activate } from './switch/activate.ts';
import type { ActivateOptions, ActivateReport } from './switch/activate-report.ts';
import { dropProjection } from './switch/drop-projection.ts';
import { retire } from './switch/retire.ts';
import { rollback } from './switch/rollback.ts';
import { repair } from './verify/repair.ts';
import { verify } from './verify/verify.ts';
import type { RepairReport, VerifyOptions, VerifyReport } from './verify/verify-report.ts';

/**
 * The versions of projections: builds, switches, compares and removes them. Works on Postgres and
 * the log, whichever process runs the tasks.
 * @example
 * await app.versions.rebuild(UserMetrics);
 * await app.versions.activate('user_metrics');
 */
export interface Versions {
  /**
   * Replays the declared version of a projection into new tables beside the live ones.
   * @throws REBUILD_REFUSED, UNKNOWN_PROJECTION, WORKER_FAILED
   * @example
   * const report = await app.versions.rebuild(UserMetrics, {
   *   onProgress: ({ phase, etaSeconds }) => console.log(phase, etaSeconds),
   * });
   */
  rebuild(projection: ProjectionReference, options?: RebuildOptions): Promise<RebuildReport>;
  /**
   * Replays several projections. Those that read the same topic share one read of it. The first
   * failure ends all of them; what was replayed is kept, and the next call resumes there.
   * @returns one report for each projection, in their order; a projection named twice has one
   */
  rebuild(
    projections: readonly ProjectionReference[],
    options?: RebuildOptions,
  ): Promise<readonly RebuildReport[]>;
  /**
   * Switches the stable view to the declared version, in one transaction.
   * @throws ACTIVATE_REFUSED, UNKNOWN_PROJECTION
   * @example
   * const { previousVersion } = await app.versions.activate(UserMetrics, { requireRunner: true });
   */
  activate(projection: ProjectionReference, options?: ActivateOptions): Promise<ActivateReport>;
  /**
   * Switches the stable view back to the version that was active before, in one transaction.
   * @throws ROLLBACK_REFUSED
   * @example
   * await app.versions.rollback(UserMetrics);
   */
  rollback(projection: ProjectionReference, options?: ActivateOptions): Promise<ActivateReport>;
  /**
   * Drops a version that is not active, or gives up one that is being built.
   * @throws RETIRE_REFUSED, UNKNOWN_PROJECTION
   * @example
   * await app.versions.retire(UserMetrics, 1);
   */
  retire(projection: ProjectionReference, version: number): Promise<void>;
  /**
   * Removes a projection that no instance runs: its views, the tables of all its versions and
   * everything stored about it. The log keeps its events. A declared projection would be built
   * again from the start of the log, so it is refused unless `force` is true.
   * @returns the versions it had
   * @throws DROP_REFUSED, UNKNOWN_PROJECTION
   * @example
   * const versions = await app.versions.drop('abandoned_metrics');
   */
  drop(
    projection: ProjectionReference,
    options?: { readonly force?: boolean },
  ): Promise<readonly number[]>;
  /**
   * Replays a projection into scratch tables, up to the position of the live version, and compares
   * every row.
   * @throws VERIFY_REFUSED, UNKNOWN_PROJECTION
   * @example
   * const { differentRows, differences } = await app.versions.verify(UserMetrics);
   */
  verify(projection: ProjectionReference, options?: VerifyOptions): Promise<VerifyReport>;
  /**
   * Replays the declared version and replaces its live rows that differ, in place. Its tasks are
   * stopped during the replay.
   * @throws VERIFY_REFUSED, REPAIR_REFUSED, UNKNOWN_PROJECTION
   * @example
   * const { rowsReplaced } = await app.versions.repair(UserMetrics);
   */
  repair(projection: ProjectionReference, options?: VerifyOptions): Promise<RepairReport>;
  /**
   * Reads the moments when an idle partition let the active version advance its watermark by the
   * clock (`idle` of the projection), in the order of each partition.
   * @throws UNKNOWN_PROJECTION
   * @example
   * for (const { partition, idleMs } of await app.versions.idleAdvances(LoginFraud)) {
   *   console.log(partition, idleMs);
   * }
   */
  idleAdvances(projection: ProjectionReference): Promise<readonly IdleAdvance[]>;
}

/** What the operations on versions need. */
export interface VersionsParts {
  /** Called when an operation starts, so that nothing is opened before. */
  readonly settings: () => RunnerSettings;
  readonly declared: DeclaredProjections;
  /** Finds the threads that share a rebuild. @throws CONFIG_INVALID */
  readonly findReplayers: (workers: RebuildWorkers) => FindReplayers;
}

/** Creates the operations on the versions of the declared projections. */
export function createVersions({ settings, declared, findReplayers }: VersionsParts): Versions {
  return {
    rebuild: rebuildBy(async (projections, { workers, ...options } = {}) => {
      const shared = workers && { findReplayers: findReplayers(workers) };
      const wanted = [...new Set(projections.map((each) => declared.planOf(each)))];
      return rebuild(settings(), wanted, { ...options, ...shared });
    }),
    async activate(projection, options) {
      return activate(settings(), declared.planOf(projection), options);
    },
    async rollback(projection, options) {
      return rollback(settings(), declared.nameOf(projection), options);
    },
    async retire(projection, version) {
      return retire(settings(), declared.nameOf(projection), version);
    },
    async drop(projection, { force = false } = {}) {
      const name = declared.nameOf(projection);
      const isDeclared = !force && declared.plans.some((plan) => plan.name === name);
      return dropProjection(settings(), name, { isDeclared });
    },
    async verify(projection, options) {
      return verify(settings(), declared.planOf(projection), options);
    },
    async repair(projection, options) {
      return repair(settings(), declared.planOf(projection), options);
    },
    async idleAdvances(projection) {
      return readIdleAdvances(settings().pool, declared.planOf(projection).name);
    },
  };
}

/** Returns one report for one projection, several for a list. */
function rebuildBy(
  rebuildAll: (
    projections: readonly ProjectionReference[],
    options?: RebuildOptions,
  ) => Promise<readonly RebuildReport[]>,
): Versions['rebuild'] {
  async function rebuildThese(
    projection: ProjectionReference,
    options?: RebuildOptions,
  ): Promise<RebuildReport>;
  async function rebuildThese(
    projections: readonly ProjectionReference[],
    options?: RebuildOptions,
  ): Promise<readonly RebuildReport[]>;
  async function rebuildThese(
    wanted: ProjectionReference | readonly ProjectionReference[],
    options?: RebuildOptions,
  ): Promise<RebuildReport | readonly RebuildReport[]> {
    if (isList(wanted)) return rebuildAll(wanted, options);
    const [report] = await rebuildAll([wanted], options);
    return report as RebuildReport;
  }
  return rebuildThese;
}

function isList(
  wanted: ProjectionReference | readonly ProjectionReference[],
): wanted is readonly ProjectionReference[] {
  return Array.isArray(wanted);
}
