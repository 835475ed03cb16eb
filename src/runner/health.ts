import type { HealthReport, InstanceStatus, ProjectionStatus } from '../reprise.ts';

/**
 * What is wrong, in words, from what Postgres and the log say. Alive: an instance runs. Ready: besides, every task of every active version that is not paused has an owner and
 * has not halted. A version that is being rebuilt, or waits to be activated, is no reason; nor is lag.
 */
export function healthOf(
  statuses: readonly ProjectionStatus[],
  instances: readonly InstanceStatus[],
): HealthReport {
  const isLive = instances.some((instance) => instance.isLive);
  const problems = statuses
    .filter(({ state, paused }) => state === 'active' && !paused)
    .flatMap(({ name, version, tasks }) =>
      tasks.flatMap(({ partition, state, owner, error }) => {
        const task = `${name} v${version} [${partition}]`;
        if (state === 'halted') return [`${task} halted: ${error ?? 'no reason given'}`];
        if (state === 'paused') return [`${task} waits: ${error ?? 'no reason given'}`];
        return owner === null ? [`${task} has no owner`] : [];
      }),
    );
  const found = isLive ? [...new Set(problems)] : ['no instance runs'];
  return { isLive, isReady: found.length === 0, problems: found };
}
