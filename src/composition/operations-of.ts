import type { EventDefinition } from '../event/event-definition.ts';
import type { Plan } from '../projection/plan/plan.ts';
import { planNamed } from '../projection/plan/plan-named.ts';
import type { Reprise } from '../reprise.ts';
import { discardDeadLetters, readDeadLetters } from '../runner/dead-letters/read-dead-letters.ts';
import { redrive } from '../runner/dead-letters/redrive.ts';
import { forget, readSubject } from '../runner/forget.ts';
import {
  pauseProjection,
  readInstances,
  requestStop,
  resumeProjection,
} from '../runner/ownership/pause-projection.ts';
import { rebuild } from '../runner/rebuild/rebuild.ts';
import type { RebuildReport } from '../runner/rebuild/rebuild-report.ts';
import { scanLog } from '../runner/scan/scan-log.ts';
import type { RunnerSettings } from '../runner/settings/runner-settings.ts';
import { askParts } from '../runner/status/ask-parts.ts';
import { readHealth, readLiveness } from '../runner/status/read-health.ts';
import { readStatus } from '../runner/status/read-status.ts';
import { assertKnown } from '../runner/store/assert-known.ts';
import { readTicks } from '../runner/store/journal-store.ts';
import { activate } from '../runner/switch/activate.ts';
import { dropProjection } from '../runner/switch/drop-projection.ts';
import { retire } from '../runner/switch/retire.ts';
import { rollback } from '../runner/switch/rollback.ts';
import { refresh } from '../runner/verify/refresh.ts';
import { verify } from '../runner/verify/verify.ts';
import type { WorkerHome } from './workers-of.ts';
import { workersOf } from './workers-of.ts';

/**
 * What an application can be asked for besides running: all work on Postgres and the log, whichever
 * process runs the tasks.
 */
type Operations = Pick<
  Reprise,
  | 'rebuild'
  | 'rebuildTogether'
  | 'activate'
  | 'rollback'
  | 'retire'
  | 'drop'
  | 'verify'
  | 'scan'
  | 'status'
  | 'parts'
  | 'isLive'
  | 'deadLetters'
  | 'discardDeadLetters'
  | 'redrive'
  | 'subject'
  | 'forget'
  | 'refresh'
  | 'health'
  | 'ticks'
  | 'instances'
  | 'pause'
  | 'resume'
  | 'requestStop'
>;

/**
 * The operations of an application. `settings` and `home` are asked when one is used, so that
 * nothing is opened before.
 */
export function operationsOf(
  settings: () => RunnerSettings,
  {
    plans,
    events,
  }: { readonly plans: readonly Plan[]; readonly events: readonly EventDefinition[] },
  home: () => WorkerHome,
): Operations {
  const rebuildThese: Reprise['rebuildTogether'] = async (names, { workers, ...options } = {}) => {
    const findReplayers = workers && workersOf(home, workers);
    const wanted = [...new Set(names)].map((name) => planNamed(plans, name));
    return rebuild(settings(), wanted, { ...options, ...(findReplayers && { findReplayers }) });
  };
  return {
    async rebuild(name, options) {
      const [report] = await rebuildThese([name], options);
      return report as RebuildReport;
    },
    rebuildTogether: rebuildThese,
    async activate(name, options) {
      return activate(settings(), planNamed(plans, name), options);
    },
    rollback: (name, options) => rollback(settings(), name, options),
    retire: (name, version) => retire(settings(), name, version),
    async verify(name, options) {
      return verify(settings(), planNamed(plans, name), options);
    },
    async scan(options = {}) {
      const { projection } = options;
      const wanted = projection === undefined ? plans : [planNamed(plans, projection)];
      const read = wanted.flatMap(({ sources }) => sources.map(({ event }) => event));
      const { log, registry } = settings();
      const all = projection === undefined ? [...read, ...events] : read;
      return scanLog({ log, registry, plans: wanted, events: all }, options);
    },
    status: (options) => readStatus(settings(), plans, options),
    parts: async () => askParts(settings(), plans),
    health: async () => readHealth(settings(), plans),
    isLive: async (options) => readLiveness(settings(), options),
    ...letterOperations(settings, plans),
    async drop(name, { force = false } = {}) {
      const isDeclared = !force && plans.some((plan) => plan.name === name);
      return dropProjection(settings(), name, { isDeclared });
    },
    subject: (subject) => readSubject(settings(), plans, subject),
    forget: (subject, { by }) => forget(settings(), plans, { subject, by }),
    async refresh(name, options) {
      return refresh(settings(), planNamed(plans, name), options);
    },
    async ticks(name) {
      return readTicks(settings().pool, planNamed(plans, name).name);
    },
    instances: () => readInstances(settings().pool),
    pause: (name) => pauseProjection(settings().pool, name),
    resume: (name) => resumeProjection(settings().pool, name),
    requestStop: (instance) => requestStop(settings().pool, instance),
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
