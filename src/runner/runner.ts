import type { Plan } from '../projection/plan.ts';
import type { Runner, RunnerCounters } from '../reprise.ts';
import { assertDatabase } from './assert-database.ts';
import { ensureVersion } from './first-start.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { ProjectionRunner } from './projection-runner.ts';
import type { RunnerSettings } from './settings.ts';

const GRACE_MS = 10_000;

/**
 * Runs the declared projections in this process. States: *new* → `start` → *running* → `stop` → *stopped*; a stopped runner is not started again.
 */
export function createRunner(settings: RunnerSettings, plans: readonly Plan[]): Runner {
  const running: ProjectionRunner[] = [];
  const relay = new OutboxRelay(settings);
  const waking: RunnerSettings = { ...settings, onEmissions: () => relay.wake() };
  let stopped: Promise<unknown> | null = null;
  return {
    async start() {
      await assertDatabase(settings.pool);
      for (const plan of plans) {
        const state = await ensureVersion(settings, plan);
        if (state === 'active' || state === 'ready') {
          running.push(new ProjectionRunner(waking, plan));
        } else {
          settings.logger.warn(
            { projection: plan.name, version: plan.version },
            `not built yet, so not run; build it with: reprise rebuild ${plan.name}`,
          );
        }
      }
      await Promise.all(running.map((projection) => projection.start()));
      relay.start();
    },
    async stop({ graceMs = GRACE_MS } = {}) {
      stopped ??= Promise.all(running.map((projection) => projection.stop(graceMs))).then(() =>
        relay.stop(),
      );
      await stopped;
    },
    counters: () =>
      running.map(
        ({ plan, counters }): RunnerCounters => ({
          name: plan.name,
          version: plan.version,
          ...counters,
        }),
      ),
  };
}
