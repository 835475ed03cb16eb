import type { Measurement } from './contestants/contestant.ts';
import type { BenchServer, BenchTopic } from './environment.ts';
import { openServer, openTopic } from './environment.ts';
import { builtBench, ROOT } from './measure/built-bench.ts';
import { runInChild } from './measure/child.ts';
import { say } from './measure/say.ts';
import { verifyKind } from './measure/verify-kind.ts';
import { countedEvents, verifyRows } from './measure/verify-rows.ts';
import { setUpPaymentApp } from './payment-app.ts';
import { metricsNames } from './payment-metrics.ts';
import type { ExpectedKind } from './workload/expected-kinds.ts';
import { ExpectedRows } from './workload/expected-rows.ts';
import { fillTopic } from './workload/fill-topic.ts';
import { USERS, WINDOW_MS } from './workload/payment-stream.ts';

/** Where the job of `rebuild` and `peers` runs. */
export interface JobOptions {
  readonly events: number;
  readonly kafka?: string;
  readonly database?: string;
  /** Size of the windows; default: a minute. Other engines know no other. */
  readonly windowMs?: number;
  /** Users that pay. Default 10,000. */
  readonly users?: number;
  /** Of the topic. Default 4. */
  readonly partitions?: number;
}

/** What a run is about: the filled topic, the server, and what every row must be. */
export interface Job {
  readonly place: BenchTopic;
  readonly server: BenchServer;
  readonly events: number;
  /** In the wire header of every value. */
  readonly schemaId: number;
  readonly expected: ExpectedRows;
  readonly windowMs: number;
}

/**
 * Adding doubles one after another, as others do, may differ from the exact sum in the last digits.
 */
const NAIVE_SUM_TOLERANCE = 1e-12;

/**
 * Opens broker and database, fills a topic with the workload, and closes everything after `work`.
 */
export async function withJob<Result>(
  options: JobOptions,
  work: (job: Job) => Promise<Result>,
): Promise<Result> {
  const { events, windowMs = WINDOW_MS, users = USERS } = options;
  const place = await openTopic(options.kafka, options.partitions);
  try {
    const server = await openServer(options.database);
    try {
      const { brokers, topic, leaders } = place;
      const schemaId = await setUpPaymentApp({
        brokers,
        topic,
        databaseUrl: await server.createDatabase(),
      });
      say(`filling ${topic} with ${events} events`);
      await fillTopic({ topic, leaders, schemaId, events, users });
      const expected = new ExpectedRows(events, { windowMs, users });
      return await work({ place, server, events, schemaId, expected, windowMs });
    } finally {
      await server.close();
    }
  } finally {
    await place.close();
  }
}

/** Which rebuild is measured. */
export interface RebuildVariant {
  /** A folder with another checkout of this repository, whose rebuild is measured instead. */
  readonly checkout?: string;
  /** So many workers. Default: one. */
  readonly workers?: number;
  /** Windows of projections rebuilt together with the job's. Default: none. */
  readonly moreWindowsMs?: readonly number[];
  /** A projection of this kind instead of the job's windows. */
  readonly kind?: ExpectedKind;
}

/**
 * Rebuilds with reprise into an empty database. Setting up is not measured; verifying is not
 * either, but nothing that failed it is reported.
 */
export async function runReprise(
  job: Job,
  { checkout, workers, moreWindowsMs = [], kind }: RebuildVariant = {},
): Promise<Measurement> {
  const { place, server, events, schemaId, windowMs } = job;
  const { brokers, topic } = place;
  const databaseUrl = await server.createDatabase();
  const registered = await setUpPaymentApp({
    brokers,
    topic,
    databaseUrl,
    windowMs,
    moreWindowsMs,
    ...(kind && { kind: kind.kind }),
  });
  if (registered !== schemaId)
    throw new Error(`the registry gave id ${registered}, the values carry ${schemaId}`);
  const serversBefore = [server.cpuSeconds(), place.cpuSeconds()] as const;
  const task = {
    brokers,
    topic,
    events,
    databaseUrl,
    windowMs,
    moreWindowsMs,
    ...(kind && { kind: kind.kind }),
    ...(workers && {
      workers: { count: workers, configFile: (await builtBench(ROOT)).paymentConfig },
    }),
  };
  const measured = await runInChild('repriseRebuild', task, checkout);
  const own = measured.cpuSeconds?.own ?? 0;
  const cpuSeconds = {
    own,
    postgres: difference(server.cpuSeconds(), serversBefore[0]),
    broker: difference(place.cpuSeconds(), serversBefore[1]),
  };
  await (kind === undefined
    ? verifyWindows(job, databaseUrl, moreWindowsMs)
    : verifyKind(databaseUrl, kind));
  if (measured.events !== events)
    throw new Error(`rebuild worked off ${measured.events} of ${events} events`);
  return { ...measured, cpuSeconds };
}

async function verifyWindows(
  { events, expected }: Job,
  databaseUrl: string,
  moreWindowsMs: readonly number[],
): Promise<void> {
  await verifyRows({ databaseUrl, table: 'payment_metrics__v1', expected, sumTolerance: 0 });
  for (const [n, more] of moreWindowsMs.entries()) {
    const table = `${metricsNames(n + 2).at(-1)}__v1`;
    const rows = new ExpectedRows(events, { windowMs: more });
    await verifyRows({ databaseUrl, table, expected: rows, sumTolerance: 0 });
  }
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

/**
 * Checks the table that another engine or loop filled: row by row when it worked off all events, by
 * its count otherwise. @throws Error saying what is wrong
 */
export async function verifyOthers(
  job: Job,
  run: { readonly name: string; readonly databaseUrl: string; readonly measured: Measurement },
): Promise<void> {
  const { databaseUrl, measured, name } = run;
  const table = 'payment_metrics';
  if (measured.events === job.events) {
    const { expected } = job;
    await verifyRows({ databaseUrl, table, expected, sumTolerance: NAIVE_SUM_TOLERANCE });
  }
  const counted = await countedEvents(databaseUrl, table);
  if (counted !== measured.events)
    throw new Error(`${name} counts ${counted} of ${measured.events} events`);
}
