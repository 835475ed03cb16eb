import type { Plan } from '../projection/plan/plan.ts';
import { planNamed } from '../projection/plan/plan-named.ts';
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
 * The versions of projections: builds them, switches between them, compares and removes them. Works
 * on Postgres and the log, whichever process runs the tasks.
 * @example
 * await app.versions.rebuild('user_metrics');
 * await app.versions.activate('user_metrics');
 */
export interface Versions {
  /**
   * Replays the declared version of a projection into new tables beside the live ones.
   * @throws REBUILD_REFUSED, UNKNOWN_PROJECTION, WORKER_FAILED
   */
  rebuild(projection: string, options?: RebuildOptions): Promise<RebuildReport>;
  /**
   * Replays several projections. Those that read the same topic share one reading of it. The first
   * failure ends all of them; what was replayed is kept, and the next call resumes there.
   * @returns one report for each projection, in their order; a projection named twice has one
   */
  rebuild(
    projections: readonly string[],
    options?: RebuildOptions,
  ): Promise<readonly RebuildReport[]>;
  /**
   * Switches the stable view to the declared version, in one transaction.
   * @throws ACTIVATE_REFUSED, UNKNOWN_PROJECTION
   */
  activate(projection: string, options?: ActivateOptions): Promise<ActivateReport>;
  /**
   * Switches the stable view back to the version that was active before, in one transaction.
   * @throws ROLLBACK_REFUSED
   */
  rollback(projection: string, options?: ActivateOptions): Promise<ActivateReport>;
  /**
   * Drops a version that is not active, or gives up one that is being built.
   * @throws RETIRE_REFUSED, UNKNOWN_PROJECTION
   */
  retire(projection: string, version: number): Promise<void>;
  /**
   * Removes a projection that no instance runs: its views, the tables of all its versions and
   * everything stored about it. The log keeps its events. A declared projection would start from
   * the beginning again, so it is refused unless `force` is true.
   * @returns the versions it had
   * @throws DROP_REFUSED, UNKNOWN_PROJECTION
   */
  drop(projection: string, options?: { readonly force?: boolean }): Promise<readonly number[]>;
  /**
   * Replays a projection into scratch tables, up to the position of the live version, and compares
   * every row.
   * @throws VERIFY_REFUSED, UNKNOWN_PROJECTION
   */
  verify(projection: string, options?: VerifyOptions): Promise<VerifyReport>;
  /**
   * Replays the declared version and replaces its live rows that differ, in place. Its tasks are
   * stopped during the replay.
   * @throws VERIFY_REFUSED, REPAIR_REFUSED, UNKNOWN_PROJECTION
   */
  repair(projection: string, options?: VerifyOptions): Promise<RepairReport>;
  /**
   * The moments when an idle partition let the active version advance its watermark by the clock
   * (`idle` of the projection), in the order of each partition.
   * @throws UNKNOWN_PROJECTION
   */
  idleAdvances(projection: string): Promise<readonly IdleAdvance[]>;
}

/** What the operations on versions need. */
export interface VersionsParts {
  /** Called when an operation starts, so that nothing is opened before. */
  readonly settings: () => RunnerSettings;
  readonly plans: readonly Plan[];
  /** The threads that share a rebuild. @throws CONFIG_INVALID */
  readonly findReplayers: (workers: RebuildWorkers) => FindReplayers;
}

/** The operations on the versions of the declared projections. */
export function createVersions({ settings, plans, findReplayers }: VersionsParts): Versions {
  const rebuildAll = async (
    names: readonly string[],
    { workers, ...options }: RebuildOptions = {},
  ): Promise<readonly RebuildReport[]> => {
    const shared = workers && { findReplayers: findReplayers(workers) };
    const wanted = [...new Set(names)].map((name) => planNamed(plans, name));
    return rebuild(settings(), wanted, { ...options, ...shared });
  };
  async function rebuildThese(name: string, options?: RebuildOptions): Promise<RebuildReport>;
  async function rebuildThese(
    names: readonly string[],
    options?: RebuildOptions,
  ): Promise<readonly RebuildReport[]>;
  async function rebuildThese(
    names: string | readonly string[],
    options?: RebuildOptions,
  ): Promise<RebuildReport | readonly RebuildReport[]> {
    if (typeof names !== 'string') return rebuildAll(names, options);
    const [report] = await rebuildAll([names], options);
    return report as RebuildReport;
  }
  return {
    rebuild: rebuildThese,
    async activate(name, options) {
      return activate(settings(), planNamed(plans, name), options);
    },
    rollback: async (name, options) => rollback(settings(), name, options),
    retire: async (name, version) => retire(settings(), name, version),
    async drop(name, { force = false } = {}) {
      const isDeclared = !force && plans.some((plan) => plan.name === name);
      return dropProjection(settings(), name, { isDeclared });
    },
    async verify(name, options) {
      return verify(settings(), planNamed(plans, name), options);
    },
    async repair(name, options) {
      return repair(settings(), planNamed(plans, name), options);
    },
    async idleAdvances(name) {
      return readIdleAdvances(settings().pool, planNamed(plans, name).name);
    },
  };
}
