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

/** How long Postgres may take to answer a probe. */
const PATIENCE_MS = 8_000;

/** How long an event may fail to be published before that is a problem. */
const LASTING_MS = 30_000;

/** What health is judged from. */
export interface HealthFacts {
  /** Null: Postgres does not answer. */
  readonly isLive: boolean | null;
  readonly statuses: readonly ProjectionStatus[];
  readonly dependencies: readonly DependencyStatus[];
}

/**
 * Whether the projections are run, from the instances in Postgres alone: the log is not asked, and
 * what is counted does not grow with rows or records. A process that runs them itself is alive as
 * long as it can answer.
 */
export async function readLiveness(
  { pool, ownRun }: Pick<RunnerSettings, 'pool' | 'ownRun'>,
  { host }: LivenessOptions = {},
): Promise<boolean | null> {
  if (ownRun?.isUnderWay === true) return true;
  const instances = await answered(pool, readInstances);
  return instances === null ? null : isAnyLive(instances, host);
}

/** For probes. Takes constant time, and answers whichever part is away. @throws NOT_MIGRATED */
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
 * What is wrong, in words. Alive: an instance runs. Ready: besides, no part is away, every task of
 * every active version that is not paused has an owner and has not halted, and what is published is
 * taken. A version that is being rebuilt, or waits to be activated, is no reason; nor is lag.
 */
export function healthOf({ isLive, statuses, dependencies }: HealthFacts): HealthReport {
  const absent = dependencies.flatMap(({ name, isAvailable, reason }) =>
    isAvailable ? [] : [`${name} is away: ${reason ?? 'no reason given'}`],
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

/** Events that have waited for a while to be published, the first of each topic. */
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
 * Null: Postgres did not answer, or not with what was asked for. @throws NOT_MIGRATED: waiting
 * would not help
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
