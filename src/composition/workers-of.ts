import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { ResolvedConfig } from '../config/reprise-config.ts';
import type { EventLog } from '../log/event-log.ts';
import { RepriseError } from '../reprise-error.ts';
import type { RebuildWorkers } from '../runner/rebuild/rebuild-report.ts';
import type { FindReplayers, RebuildWork, Replayer } from '../runner/rebuild/replayer.ts';
import type { WorkerSetting } from './worker-messages.ts';
import { WorkerThread } from './worker-thread.ts';

/**
 * Default threshold for threads: a thread takes about a second until it folds as fast as this one,
 * which replays about half of these records in that time.
 */
const RECORDS_WORTH_THREADS = 2_000_000;

/** Settings that worker threads share with the application that starts them. */
export interface WorkerHome {
  readonly config: Pick<
    ResolvedConfig,
    'registry' | 'onError' | 'logLevel' | 'leaseMs' | 'rebuildWorkers'
  >;
  readonly databaseUrl: string;
  readonly log: EventLog;
  readonly logger: Logger;
}

/**
 * Returns a function that starts the worker threads of a rebuild, one fewer than the number of
 * workers. If no number was set, a thread that cannot load the configuration is left out, with a
 * log line that says why. If a number was set, it ends the rebuild.
 * @throws CONFIG_INVALID for an invalid number
 */
export function workersOf(home: () => WorkerHome, wanted: RebuildWorkers): FindReplayers {
  assertCount(wanted.count);
  return async (work) => {
    const settings = home();
    const count = wanted.count ?? settings.config.rebuildWorkers;
    const threads = Math.min(count ?? defaultCount(work), work.partitions) - 1;
    if (threads < 1) return [];
    const setting = await settingOf(settings, wanted, work);
    const refused = count === undefined ? leaveOut(settings.logger, work) : null;
    return Array.from({ length: threads }, () => startThread(setting, refused));
  };
}

function assertCount(count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count > 0)) return;
  throw new RepriseError(
    'CONFIG_INVALID',
    `A rebuild cannot have ${count} workers: give a whole number, at least 1.`,
  );
}

function defaultCount({ records }: RebuildWork): number {
  return records < RECORDS_WORTH_THREADS ? 1 : availableParallelism();
}

async function settingOf(
  { config, databaseUrl, log }: WorkerHome,
  { configFile }: RebuildWorkers,
  { plans, builder }: RebuildWork,
): Promise<WorkerSetting> {
  const { registry, onError, logLevel, leaseMs } = config;
  return {
    configFile: pathOf(configFile),
    decided: { registry, onError, logLevel, leaseMs },
    isPretty: process.stderr.isTTY === true,
    databaseUrl,
    logIdentity: await log.identity(),
    plans: plans.map(({ name, version, fingerprint }) => ({ name, version, fingerprint })),
    builder,
  };
}

function pathOf(configFile: string | URL): string {
  return configFile instanceof URL || configFile.startsWith('file:')
    ? fileURLToPath(configFile)
    : resolve(configFile);
}

/** Returns a handler that logs once, for all threads, that the rebuild runs without them. */
function leaveOut(logger: Logger, { plans }: RebuildWork): (error: Error) => void {
  let isSaid = false;
  return ({ message }) => {
    if (isSaid) return;
    isSaid = true;
    logger.warn(
      { projections: plans.map(({ name }) => name), reason: message },
      'rebuild runs without worker threads: they cannot start',
    );
  };
}

function startThread(setting: WorkerSetting, refused: ((error: Error) => void) | null): Replayer {
  const thread = new WorkerThread(setting);
  const joins = thread.ready.then(
    () => true,
    (error: Error) => {
      if (refused === null) throw error;
      refused(error);
      return false;
    },
  );
  joins.catch(() => undefined); // reported to sharePartitions, which awaits it
  return {
    joins,
    replay: (order, options) => thread.replay(order, options),
    close: () => thread.close(),
  };
}
