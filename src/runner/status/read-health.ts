import type { Pool } from 'pg';
import { within } from '../../concurrency/within.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { isRepriseError } from '../../reprise-error.ts';
import type { InstanceStatus } from '../ownership/instance-status.ts';
import { readInstances } from '../ownership/pause-projection.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { askParts } from './ask-parts.ts';
import { readStatus } from './read-status.ts';
import type {
  DependencyStatus,
  HealthReport,
  LivenessOptions,
  ProjectionStatus,
} from './task-status.ts';

/** How long Postgres may take to answer a probe. Milliseconds. */
const PATIENCE_MS = 8_000;

/** How long publishing an event may fail before that is a problem. Milliseconds. */
const LASTING_MS = 30_000;

/** What `healthOf` derives health from. */
export interface HealthFacts {
  /** Null: Postgres does not answer. */
  readonly isLive: boolean | null;
  readonly statuses: readonly ProjectionStatus[];
  readonly dependencies: readonly DependencyStatus[];
}

/**
 * Returns whether an instance runs the projections, from the instances in Postgres alone. The log
 * is not asked, and the cost does not grow with rows or records. A process that runs the
 * projections itself is alive as long as it can answer. Null: Postgres does not answer.
 */
export async function readLiveness(
  { pool, ownRun }: Pick<RunnerSettings, 'pool' | 'ownRun'>,
  { host }: LivenessOptions = {},
): Promise<boolean | null> {
  if (ownRun?.isUnderWay === true) return true;
  const instances = await answered(pool, readInstances);
  return instances === null ? null : isAnyLive(instances, host);
}

/**
 * Reads the health for probes. Takes constant time, and answers whichever dependency is
 * unavailable. @throws NOT_MIGRATED
 */
export async function readHealth(
  settings: Pick<RunnerSettings, 'pool' | 'log' | 'registry' | 'ownRun'>,
  plans: readonly Plan[],
): Promise<HealthReport> {
  const [isLive, statuses, dependencies] = await Promise.all([
    readLiveness(settings),
    answered(settings.pool, (pool) => readStatus({ ...settings, pool }, plans)),
    askParts(settings, plans),
  ]);
  return healthOf({ isLive, statuses: statuses ?? [], dependencies });
}

/**
 * Derives health, with the problems in words. Live: an instance runs. Ready: in addition, all
 * dependencies are available, every task of every active version that is not paused has an owner
 * and neither has halted nor waits for infrastructure, and publishing does not fail. A rebuild, a
 * version that waits for `activate`, and lag are not problems.
 */
export function healthOf({ isLive, statuses, dependencies }: HealthFacts): HealthReport {
  const absent = dependencies.flatMap(({ name, isAvailable, reason }) =>
    isAvailable ? [] : [`${name} is unavailable: ${reason ?? 'no reason given'}`],
  );
  const problems = statuses
    .filter(({ state, paused, isUndeclared }) => !isUndeclared && state === 'active' && !paused)
    .flatMap(({ name, version, tasks }) =>
      tasks.flatMap(({ partition, state, owner, error }) => {
        const task = `${name} v${version} [${partition}]`;
        if (state === 'halted') return [`${task} halted: ${error ?? 'no reason given'}`];
        if (state === 'paused') return [`${task} waits: ${error ?? 'no reason given'}`];
        return owner === null ? [`${task} has no owner`] : [];
      }),
    );
  const held = statuses.flatMap(publishProblems);
  const found =
    isLive === false ? ['no instance runs', ...absent] : [...absent, ...problems, ...held];
  const isReady = isLive === true && found.length === 0;
  return { isLive, isReady, problems: [...new Set(found)], dependencies };
}

/** Describes events that could not be published for a while, the first of each topic. */
function publishProblems({ name, version, publishFailures }: ProjectionStatus): readonly string[] {
  const lasting = publishFailures.filter(({ since }) => Date.now() - since.getTime() > LASTING_MS);
  const firsts = new Map(lasting.toReversed().map((failure) => [failure.topic, failure]));
  return [...firsts.values()].map(
    ({ topic, since, error }) =>
      `${name} v${version} has not published to ${topic} since ${since.toISOString()}: ${error}`,
  );
}

function isAnyLive(instances: readonly InstanceStatus[], host: string | undefined): boolean {
  return instances.some(
    ({ isLive, instance }) => isLive && (host === undefined || instance.startsWith(`${host}/`)),
  );
}

/**
 * Returns null if Postgres did not answer, or answered with another error. @throws NOT_MIGRATED:
 * waiting would not help
 */
async function answered<Result>(
  pool: Pool,
  ask: (pool: Pool) => Promise<Result>,
): Promise<Result | null> {
  return within(PATIENCE_MS, 'postgres', ask(pool)).catch((error: unknown) => {
    if (isRepriseError(error, 'NOT_MIGRATED')) throw error;
    return null;
  });
}
