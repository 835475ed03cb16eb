import type { EventDefinition } from '../event/event-definition.ts';
import type { Plan } from '../projection/plan/plan.ts';
import { planNamed } from '../projection/plan/plan-named.ts';
import type { Reprise } from '../reprise.ts';
import { discardDeadLetters, readDeadLetters } from '../runner/dead-letters/read-dead-letters.ts';
import { redrive } from '../runner/dead-letters/redrive.ts';
import { createErasure } from '../runner/erasure.ts';
import { createInstances } from '../runner/ownership/instances.ts';
import { pauseProjection, resumeProjection } from '../runner/ownership/pause-projection.ts';
import { createSchemas } from '../runner/scan/schemas.ts';
import type { RunnerSettings } from '../runner/settings/runner-settings.ts';
import { createHealth } from '../runner/status/health.ts';
import { readStatus } from '../runner/status/read-status.ts';
import { assertKnown } from '../runner/store/assert-known.ts';
import { createVersions } from '../runner/versions.ts';
import type { WorkerHome } from './workers-of.ts';
import { workersOf } from './workers-of.ts';

/**
 * The operations of an application besides running: all work on Postgres and the log, whichever
 * process runs the tasks.
 */
type Operations = Pick<
  Reprise,
  | 'versions'
  | 'erasure'
  | 'schemas'
  | 'instances'
  | 'health'
  | 'status'
  | 'pause'
  | 'resume'
  | 'deadLetters'
  | 'discardDeadLetters'
  | 'redrive'
>;

/**
 * The operations of an application. `settings` and `home` are called when one starts, so that
 * nothing is opened before.
 */
export function operationsOf(
  settings: () => RunnerSettings,
  declared: { readonly plans: readonly Plan[]; readonly events: readonly EventDefinition[] },
  home: () => WorkerHome,
): Operations {
  const { plans } = declared;
  const pool = () => settings().pool;
  return {
    versions: createVersions({
      settings,
      plans,
      findReplayers: (workers) => workersOf(home, workers),
    }),
    erasure: createErasure(settings, plans),
    schemas: createSchemas(settings, declared),
    instances: createInstances(pool),
    health: createHealth(settings, plans),
    ...letterOperations(settings, plans),
    status: async (options) => readStatus(settings(), plans, options),
    pause: async (name) => pauseProjection(pool(), name),
    resume: async (name) => resumeProjection(pool(), name),
  };
}

function letterOperations(
  settings: () => RunnerSettings,
  plans: readonly Plan[],
): Pick<Operations, 'deadLetters' | 'discardDeadLetters' | 'redrive'> {
  return {
    async deadLetters(name, position) {
      const { pool } = settings();
      if (name !== null) await assertKnown(pool, plans, name);
      return readDeadLetters(pool, name, position ?? null);
    },
    async discardDeadLetters(name, position) {
      const { pool } = settings();
      await assertKnown(pool, plans, name);
      return discardDeadLetters(pool, name, position);
    },
    async redrive(name, selection = {}) {
      return redrive(settings(), planNamed(plans, name), selection);
    },
  };
}
