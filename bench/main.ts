import { Command, InvalidArgumentError, Option } from 'commander';
import { runContestant } from './contestants/run-contestant.ts';
import type { DecodeBenchOptions } from './decode.ts';
import type { DrainOptions } from './drain.ts';
import type { FoldBenchOptions } from './fold.ts';
import type { GateOptions } from './gate.ts';
import type { LiveOptions } from './live.ts';
import { endChildrenOnSignals, profileInto } from './measure/child.ts';
import { record } from './measure/record.ts';
import type { BenchReport } from './measure/report.ts';
import { toJson, toTable } from './measure/report.ts';
import { say } from './measure/say.ts';
import { PAYMENT_KINDS } from './payment-kind.ts';
import type { PeersOptions } from './peers.ts';
import type { PublishBenchOptions } from './publish.ts';
import type { RebuildBenchOptions } from './rebuild.ts';
import type { ScaleOptions } from './scale.ts';
import type { SoakOptions } from './soak.ts';

/**
 * Options every bench has. A bench is loaded only when it runs: a measured process must not carry
 * the memory of the others.
 */
interface CommonOptions {
  readonly json?: true;
  readonly record?: true;
  readonly profile?: string;
}

const program = new Command('bench').description(
  'Measures reprise against what people use today, in one run on this machine. Progress goes to stderr, the result to stdout.',
);

function bench<Options>(
  name: string,
  description: string,
  load: () => Promise<(options: Options) => Promise<BenchReport>>,
): Command {
  return program
    .command(name)
    .description(description)
    .option('--json', 'end with one JSON line')
    .option('--record', 'add the result to bench/results/, with commit and machine')
    .option('--kafka <host:port>', 'use this broker; default: boot one')
    .option('--profile <folder>', 'write a CPU profile of every measured process into this folder')
    .action(async (options: CommonOptions & Options) => {
      if (options.profile !== undefined) profileInto(options.profile);
      endChildrenOnSignals();
      const run = await load();
      const report = await run(options);
      if (options.record) say(`recorded in ${record(report)}`);
      if ((report.failures ?? []).length > 0) process.exitCode = 1;
      process.stdout.write(`${options.json ? toJson(report) : toTable(report)}\n`);
    });
}

const eventsOption = () =>
  new Option('--events <number>', 'events on the topic').default(5_000_000).argParser(positive);
const roundsOption = () =>
  new Option('--rounds <number>', 'runs of each, taking turns; the median counts')
    .default(3)
    .argParser(positive);
const databaseOption = () =>
  new Option('--database <url>', 'make databases on this Postgres server; default: boot one');

bench<DrainOptions>(
  'drain',
  'our reader and kafkajs, both doing nothing, on one topic',
  async () => (await import('./drain.ts')).benchDrain,
)
  .addOption(eventsOption())
  .addOption(roundsOption());

bench<RebuildBenchOptions>(
  'rebuild',
  'a projection rebuilt from Kafka into Postgres, beside loops written by hand',
  async () => (await import('./rebuild.ts')).benchRebuild,
)
  .addOption(eventsOption())
  .addOption(roundsOption())
  .option(
    '--window-ms <number>',
    'windows of this size, a divisor of an hour; other than a minute without the loops written by hand',
    positive,
  )
  .option('--users <number>', 'users that pay: the keys', positive)
  .option('--partitions <number>', 'partitions of the topic', positive)
  .addOption(databaseOption())
  .option(
    '--compare <folder>',
    'another checkout of this repository takes turns instead of the others: two versions in one run',
  )
  .addOption(
    new Option(
      '--kind <kind>',
      'a projection of this kind takes turns with the windowed one of the same events',
    ).choices(PAYMENT_KINDS),
  )
  .option(
    '--workers <number>',
    'workers that share the rebuild, taking turns with one, instead of the comparisons with others',
    positive,
  )
  .option(
    '--projections <number>',
    'so many projections rebuilt together, from 1 to 10, taking turns with the first of them alone, instead of the comparisons with others',
    positive,
  )
  .option(
    '--comparison-events <number>',
    'events for the hand-written eachBatch loop; default: all',
    positive,
  )
  .option(
    '--each-events <number>',
    'events for the hand-written eachMessage loop',
    positive,
    20_000,
  );

bench<PeersOptions>(
  'peers',
  'the same rebuild on Flink and Kafka Streams, and readers that do nothing',
  async () => (await import('./peers.ts')).benchPeers,
)
  .addOption(eventsOption())
  .addOption(roundsOption())
  .addOption(databaseOption());

bench<FoldBenchOptions>(
  'fold',
  'the fold alone, one thread, by kind of projection: no log, no database',
  async () => (await import('./fold.ts')).benchFold,
)
  .addOption(
    new Option('--events <number>', 'events of each kind').default(1_000_000).argParser(positive),
  )
  .addOption(roundsOption());

bench<GateOptions>(
  'gate',
  'fails when the folds are worth less than they must be, beside a loop written by hand: no log, no database',
  async () => (await import('./gate.ts')).benchGate,
)
  .addOption(new Option('--events <number>', 'payments').default(500_000).argParser(positive))
  .addOption(roundsOption());

bench<DecodeBenchOptions>(
  'decode',
  'events of 20 fields: whole, whole under a later schema, and three fields as columns',
  async () => (await import('./decode.ts')).benchDecode,
)
  .addOption(new Option('--events <number>', 'events of each').default(200_000).argParser(positive))
  .addOption(roundsOption());

bench<PublishBenchOptions>(
  'publish',
  "our publisher and kafkajs's producer, both idempotent and with acks=all",
  async () => (await import('./publish.ts')).benchPublish,
)
  .addOption(
    new Option('--events <number>', 'events of each round').default(500_000).argParser(positive),
  )
  .addOption(
    new Option('--rounds <number>', 'runs of each, taking turns; the median counts')
      .default(5)
      .argParser(positive),
  );

bench<LiveOptions>(
  'live',
  'latency from acknowledged to visible at a steady rate',
  async () => (await import('./live.ts')).benchLive,
)
  .addOption(databaseOption())
  .option('--rate <number>', 'events per second', positive, 5_000)
  .option('--seconds <number>', 'measured seconds', positive, 60)
  .option('--events <number>', 'measured events, instead of --seconds', positive)
  .option('--instances <number>', 'runners that share the tasks', positive, 1)
  .option('--warm-up-seconds <number>', 'seconds before, which are not measured', positive, 5);

bench<ScaleOptions>(
  'scale',
  'what the cost of an event depends on: length of the log, keys, partitions, projections, instances',
  async () => (await import('./scale.ts')).benchScale,
)
  .addOption(databaseOption())
  .option('--quick', 'a tenth of the events: to try it out');

bench<SoakOptions>(
  'soak',
  'memory of a live runner and a publisher over gigabytes, connections cut now and then: fails when it grows',
  async () => (await import('./soak.ts')).benchSoak,
)
  .addOption(databaseOption())
  .option('--kafka-gb <number>', 'read so much from Kafka', amount, 5)
  .option('--postgres-gb <number>', 'read so much from the Postgres log', amount, 1);

program
  .command('contestant <name> <task>', { hidden: true })
  .description('one measured process; started by the benches')
  .action(runContestant);

function amount(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('a number from 0 on, please');
  return value;
}

function positive(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number above 0, please');
  return value;
}

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  // A contestant that failed must not be kept alive by the channel to its parent.
  process.disconnect?.();
}
