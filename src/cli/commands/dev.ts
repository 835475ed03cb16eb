import { type Command, InvalidArgumentError } from 'commander';
import { joinSignals } from '../../concurrency/join-signals.ts';
import type { DevEvent, ResolvedConfig } from '../../config/reprise-config.ts';
import type { Reprise } from '../../reprise.ts';
import { RepriseError } from '../../reprise-error.ts';
import { catchUp } from '../terminal/catch-up.ts';
import { EXIT } from '../terminal/exit.ts';
import { jsonText } from '../terminal/json-text.ts';
import { LiveView } from '../terminal/live-view.ts';
import { publishExactly, publishSteadily } from '../terminal/publish-steadily.ts';
import { throwIfStopped } from '../terminal/stop-on-signals.ts';
import {
  type GlobalOptions,
  optionsOf,
  plansOf,
  quietly,
  type Session,
  withApp,
} from '../terminal/with-app.ts';
import { wholeNumber } from './query.ts';

interface DevOptions extends GlobalOptions {
  readonly events?: number;
  readonly exit?: boolean;
  readonly seed?: number;
  readonly rate?: number;
  readonly kafka?: string;
  readonly registry?: string;
}

/** Adds `reprise dev`: publishes the example's events and folds them, live or until verified. */
export function addDev(program: Command): void {
  program
    .command('dev')
    .description("publish the example's events, run the projections and show them live")
    .option('--events <count>', 'publish this number of events, as fast as possible', wholeNumber)
    .option('--exit', 'catch up, compare the read models with an independent fold, and exit')
    .option(
      '--seed <number>',
      'seed of the events (default: 1 with --events, else the time)',
      wholeNumber,
    )
    .option('--rate <number>', 'events published per second', rate)
    .option('--kafka <host:port>', 'host and port of the Kafka that holds the log')
    .option('--registry <url>', 'URL of the schema registry (default: the configured one)')
    .action(async (_local, command: Command) => {
      const options = optionsOf<DevOptions>(command);
      // Options override the environment, which overrides the file.
      if (options.kafka !== undefined) process.env['REPRISE_KAFKA_BROKERS'] = options.kafka;
      if (options.registry !== undefined) process.env['REPRISE_REGISTRY_URL'] = options.registry;
      const startedMs = performance.now();
      const work = options.exit === true ? publishAndVerify : watch;
      process.exitCode = await withApp(
        options,
        (session) => work(session, options, startedMs),
        (input) => {
          // Checked before anything is started.
          if ((options.events ?? 0) > 0 && input.dev === undefined) throw nothingToPublish();
          return quietly(input);
        },
      );
    });
}

type Work = (session: Session, options: DevOptions, startedMs: number) => Promise<number>;

/**
 * Steps: 1 set up, 2 fold while publishing, 3 catch up, 4 verify every projection against the whole
 * log, 5 print the result.
 */
const publishAndVerify: Work = async ({ app, config, signal }, options, startedMs) => {
  const count = options.events ?? 0;
  await app.setUp(); // 1
  throwIfStopped(signal);
  await app.runner.start(); // 2
  if (count > 0) {
    await publishExactly({ app, events: exampleEvents(config, options, count), count, signal });
  }
  const projections = await catchUp(app, signal); // 3
  await app.runner.stop();
  // Loaded late: only the check needs the interpreted fold.
  const { foldInterpreted } = await import('../../fold/oracle/fold-interpreted.ts');
  const { verifyProjection } = await import('../terminal/verify-projection.ts');
  const differences: string[] = [];
  for (const { plan } of plansOf({ app, config })) {
    throwIfStopped(signal);
    differences.push(...(await verifyProjection(app, plan, foldInterpreted))); // 4
  }
  const verified = differences.length === 0;
  for (const line of differences) process.stderr.write(`not verified: ${line}\n`);
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  const result = { events: count, log: app.log.kind, projections, verified, seconds };
  console.log(options.json ? jsonText(result) : summary(result)); // 5
  return verified ? EXIT.done : EXIT.failed;
};

/**
 * Publishes at a steady rate, or exactly `--events`, and shows the projections until stopped.
 * Without `dev.events` it only shows them: the events come from elsewhere.
 */
const watch: Work = async (session, options) => {
  const { app, config, signal } = session;
  await app.setUp();
  if (signal.aborted) return EXIT.done;
  await app.runner.start();
  await tellOthers(app);
  const failed = new AbortController();
  const view = new LiveView({
    app,
    planned: plansOf({ app, config }),
    json: options.json === true,
  });
  const either = joinSignals([signal, failed.signal]);
  const watching = view.show(either.signal);
  const finished = publish(session, options, (error) => view.tell(error)).catch(
    (error: unknown) => {
      if (!signal.aborted) throw error;
    },
  );
  try {
    await Promise.race([watching, finished.then(() => watching)]);
    await finished;
  } finally {
    // No query may run once the application closes.
    failed.abort();
    await watching;
    either.release();
  }
  await app.runner.stop();
  return EXIT.done;
};

async function publish(
  { app, config, signal }: Session,
  options: DevOptions,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const { events: count } = options;
  if (count !== undefined) {
    const events = exampleEvents(config, options, count);
    return publishExactly({ app, events, count, signal });
  }
  if (config.dev === undefined) return;
  const ratePerSecond = options.rate ?? config.dev.ratePerSecond;
  const events = exampleEvents(config, options);
  await publishSteadily({ app, events, ratePerSecond, onFailure, signal });
}

/**
 * Names other instances: a second start in the same folder shares the tasks of the first, so its
 * view may show no tasks of its own.
 */
async function tellOthers(app: Reprise): Promise<void> {
  const { instance: own } = app.runner;
  const others = (await app.instances.list()).filter(
    ({ isLive, instance }) => isLive && instance !== own,
  );
  if (others.length === 0) return;
  const names = others.map(({ instance }) => instance).join(', ');
  process.stderr.write(`Another instance runs here and shares the tasks: ${names}.\n`);
}

/**
 * Returns the example's events. A counted run ends about now in event time; a live one starts now.
 */
function exampleEvents(
  config: ResolvedConfig,
  options: DevOptions,
  count?: number,
): Iterable<DevEvent> {
  const { dev } = config;
  if (dev === undefined) throw nothingToPublish();
  const nowMs = Date.now();
  const ratePerSecond = options.rate ?? dev.ratePerSecond;
  const startMs = count === undefined ? nowMs : nowMs - Math.ceil((count / ratePerSecond) * 1000);
  const seed = options.seed ?? (count === undefined ? nowMs % 2 ** 31 : 1);
  return dev.events({ seed, startMs, ratePerSecond });
}

function nothingToPublish(): RepriseError {
  return new RepriseError(
    'CONFIG_INVALID',
    'The configuration has no "dev.events", so there is nothing to publish. Add it, or omit --events: reprise dev then shows events published elsewhere.',
    { facts: { key: 'dev.events' } },
  );
}

function summary(result: {
  readonly events: number;
  readonly log: string;
  readonly projections: readonly { readonly name: string; readonly rows: number }[];
  readonly verified: boolean;
  readonly seconds: number;
}): string {
  const rows = result.projections.map(({ name, rows }) => `${name}: ${rows} rows`).join(', ');
  const comparison = result.verified
    ? 'equal to an independent fold of the whole log'
    : 'NOT equal to an independent fold of the log';
  return `Published ${result.events} events to ${result.log} and folded them (${rows}) in ${result.seconds} s: ${comparison}.`;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) {
    throw new InvalidArgumentError('It must be a number above 0, at most 1000000.');
  }
  return value;
}
