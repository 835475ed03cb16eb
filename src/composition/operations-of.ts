import type { EventDefinition } from '../event/event-definition.ts';
import type { DeclaredProjections } from '../projection/plan/declared-projections.ts';
import type { Reprise } from '../reprise.ts';
import { createDeadLetters } from '../runner/dead-letters/dead-letters.ts';
import { createErasure } from '../runner/erasure.ts';
import { createInstances } from '../runner/ownership/instances.ts';
import { pauseProjection, resumeProjection } from '../runner/ownership/pause-projection.ts';
import { createSchemas } from '../runner/scan/schemas.ts';
import type { RunnerSettings } from '../runner/settings/runner-settings.ts';
import { createHealth } from '../runner/status/health.ts';
import { readStatus } from '../runner/status/read-status.ts';
import { createVersions } from '../runner/versions.ts';
import type { WorkerHome } from './workers-of.ts';
import { workersOf } from './workers-of.ts';

/**
 * The operations of an application, except running. All work on Postgres and the log, whichever
 * process runs the tasks.
 */
type Operations = Pick<
  Reprise,
  | 'versions'
  | 'deadLetters'
  | 'erasure'
  | 'schemas'
  | 'instances'
  | 'health'
  | 'status'
  | 'pause'
  | 'resume'
>;

/**
 * Creates the operations of an application. `settings` and `home` are called when an operation
 * starts, so that nothing is opened before.
 */
export function operationsOf(
  settings: () => RunnerSettings,
  {
    declared,
    events,
  }: { readonly declared: DeclaredProjections; readonly events: readonly EventDefinition[] },
  home: () => WorkerHome,
): Operations {
  const { plans } = declared;
  const pool = () => settings().pool;
  return {
    versions: createVersions({
      settings,
      declared,
      findReplayers: (workers) => workersOf(home, workers),
    }),
    deadLetters: createDeadLetters(settings, declared),
    erasure: createErasure(settings, plans),
    schemas: createSchemas(settings, declared, events),
    instances: createInstances(pool),
    health: createHealth(settings, plans),
    status: async (options) => readStatus(settings(), plans, options),
    pause: async (projection) => pauseProjection(pool(), declared.nameOf(projection)),
    resume: async (projection) => resumeProjection(pool(), declared.nameOf(projection)),
  };
}
