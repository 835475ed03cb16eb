/**
 * A worker thread of a rebuild: composes the application of the configuration file itself
 * (connections, plans) and replays the partitions that it is given, each with its own read of the
 * log, fold, COPY and checkpoint transactions. States: *loading* → *ready* (orders, several at a
 * time) →
 * *closed*; or *loading* → *refused*, if the file does not declare the projection that is rebuilt.
 * The thread that started it then terminates it, whatever the configuration has left running.
 */
import type { MessagePort } from 'node:worker_threads';
import { parentPort, workerData } from 'node:worker_threads';
import type { Container } from 'inversify';
import { loadConfigFile } from '../config/load-config-file.ts';
import { resolveConfig } from '../config/resolve-config.ts';
import { createLogger } from '../observe/logger.ts';
import type { Plan } from '../projection/plan/plan.ts';
import { planNamed } from '../projection/plan/plan-named.ts';
import { RepriseError } from '../reprise-error.ts';
import type { Replayer } from '../runner/rebuild/replayer.ts';
import { replayerHere } from '../runner/rebuild/replayer.ts';
import { closeConnections } from './close-connections.ts';
import { createContainer } from './container.ts';
import { packError } from './packed-error.ts';
import { OWN_TOKENS, TOKENS } from './tokens.ts';
import type { FromWorker, ToWorker, WorkerSetting } from './worker-messages.ts';

/**
 * Progress is reported at this interval, in milliseconds, not for each of the many small batches.
 */
const REPORT_EVERY_MS = 50;

if (parentPort === null) throw new Error('rebuild-worker is started by a rebuild, as a thread');
await serve(parentPort, workerData as WorkerSetting);

async function serve(port: MessagePort, setting: WorkerSetting): Promise<void> {
  const tell = (message: FromWorker) => port.postMessage(message);
  const container = await compose(setting).catch((error: unknown) => {
    tell({ kind: 'refused', error: packError(error) });
    return null;
  });
  if (container === null) return;
  const settings = { ...container.get(OWN_TOKENS.runnerSettings), owner: setting.builder };
  const replayer = replayerHere(settings, plansOf(container, setting));
  const orders = new Map<number, AbortController>();
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'cancel') orders.get(message.id)?.abort();
    else if (message.kind === 'close') {
      void closeConnections(container).finally(() => tell({ kind: 'closed' }));
    } else {
      const cancelled = new AbortController();
      orders.set(message.id, cancelled);
      void follow(replayer, { ...message, signal: cancelled.signal, tell }).finally(() =>
        orders.delete(message.id),
      );
    }
  });
  tell({ kind: 'ready' });
}

/**
 * Creates the container of the configuration file, on the application's own database. @throws
 * CONFIG_INVALID, UNKNOWN_PROJECTION, VERSION_NOT_RAISED
 */
async function compose(setting: WorkerSetting): Promise<Container> {
  const loaded = resolveConfig(await loadConfigFile(setting.configFile), process.env);
  const container = createContainer({ ...loaded, ...setting.decided });
  container.bind(TOKENS.databaseUrl).toConstantValue(setting.databaseUrl);
  const logger = createLogger({ level: setting.decided.logLevel, pretty: setting.isPretty });
  container.rebind(TOKENS.logger).toConstantValue(logger);
  try {
    for (const [i, { name, version, fingerprint }] of plansOf(container, setting).entries()) {
      const wanted = setting.plans[i];
      if (version !== wanted?.version || fingerprint !== wanted.fingerprint) {
        throw mismatch(setting, `declares ${name} differently`);
      }
    }
    if ((await container.get(TOKENS.log).identity()) !== setting.logIdentity) {
      throw mismatch(setting, 'names another log');
    }
    return container;
  } catch (error) {
    await closeConnections(container);
    throw error;
  }
}

function plansOf(container: Container, setting: WorkerSetting): readonly Plan[] {
  return setting.plans.map(({ name }) => planNamed(container.get(TOKENS.plans), name));
}

function mismatch(setting: WorkerSetting, what: string): RepriseError {
  return new RepriseError(
    'CONFIG_INVALID',
    `${setting.configFile} ${what} than the application that rebuilds it. Give the application and its workers the same configuration.`,
    { facts: { projections: setting.plans.map(({ name }) => name).join(', ') } },
  );
}

/** Executes an order and reports its progress. */
async function follow(
  replayer: Replayer,
  given: Extract<ToWorker, { kind: 'replay' }> & {
    readonly signal: AbortSignal;
    readonly tell: (message: FromWorker) => void;
  },
): Promise<void> {
  const { id, order, signal, tell } = given;
  let unreported = new Map<string, number>();
  let reportedMs = 0;
  const reportRecords = () => {
    reportedMs = performance.now();
    tell({ kind: 'records', id, records: unreported });
    unreported = new Map();
  };
  const onRecords = (projection: string, records: number) => {
    unreported.set(projection, (unreported.get(projection) ?? 0) + records);
    if (performance.now() - reportedMs >= REPORT_EVERY_MS) reportRecords();
  };
  try {
    await replayer.replay(order, { signal, onRecords });
    reportRecords();
    tell({ kind: 'done', id });
  } catch (error) {
    tell({ kind: 'failed', id, error: packError(error) });
  }
}
