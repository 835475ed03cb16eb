import type { Plan } from '../projection/plan.ts';
import type { Runner, RunnerCounters } from '../reprise.ts';
import { assertDatabase } from './assert-database.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { Ownership } from './ownership/ownership.ts';
import { PartsWatch } from './parts-watch.ts';
import type { RunnerSettings } from './settings.ts';
import { ShownOffsets } from './shown-offsets.ts';
import { TaskHosts } from './task-hosts.ts';

const GRACE_MS = 10_000;
const LEASE_MS = 10_000;

/**
 * Runs the declared projections in this process, sharing their tasks with other instances. States: *new* → `start` → *running* → `stop` → *stopped*; a stopped
 * runner is not started again.
 */
export function createRunner(settings: RunnerSettings, plans: readonly Plan[]): Runner {
  const relay = new OutboxRelay(settings);
  const waking: RunnerSettings = { ...settings, onEmissions: () => relay.wake() };
  const requested = new AbortController();
  const hosts = new TaskHosts(waking, plans, () => requested.abort());
  const shown = new ShownOffsets(settings, () => hosts.runners());
  const watch = new PartsWatch(settings, plans, (reason) => hosts.logIsAway(reason));
  const { pool, logger, owner: instance, leaseMs = LEASE_MS } = settings;
  const ownership = new Ownership({ pool, logger, instance, leaseMs }, hosts);
  let stopped: Promise<void> | null = null;
  const stop = async (graceMs: number) => {
    if (settings.ownRun !== undefined) settings.ownRun.isUnderWay = false;
    watch.stop();
    await ownership.stop(graceMs);
    await shown.stop(() => hosts.stop(graceMs));
    await ownership.leave();
    await relay.stop();
  };
  return {
    instance,
    stopRequested: requested.signal,
    async start() {
      try {
        await assertDatabase(settings.pool);
        await hosts.prepare();
        if (stopped === null) {
          watch.start();
          await ownership.start();
        }
      } catch (error) {
        // What was closed under its hands is no failure of the start.
        if (stopped === null) {
          watch.stop();
          throw error;
        }
      }
      if (stopped !== null) return;
      relay.start();
      shown.start();
      if (settings.ownRun !== undefined) settings.ownRun.isUnderWay = true;
    },
    async stop({ graceMs = GRACE_MS } = {}) {
      stopped ??= stop(graceMs);
      await stopped;
    },
    tasks: () =>
      [...hosts.held().values()].map(
        ({ key: { projection: name, version, partition }, phase }) => ({
          name,
          version,
          partition,
          phase,
        }),
      ),
    counters: () => countersOf(hosts),
  };
}

function countersOf(hosts: TaskHosts): readonly RunnerCounters[] {
  return hosts
    .runners()
    .map(({ plan, counters }) => ({ name: plan.name, version: plan.version, ...counters }));
}
