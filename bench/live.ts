import { setTimeout as delay } from 'node:timers/promises';
import type { PublishedEvents } from './contestants/live-publisher.ts';
import type { BenchServer, BenchTopic } from './environment.ts';
import { openServer, openTopic } from './environment.ts';
import { CheckpointPoller } from './measure/checkpoint-poller.ts';
import { runInChild, startContestant } from './measure/child.ts';
import { quantile } from './measure/median.ts';
import { cpuSecondsOf } from './measure/process-cpu.ts';
import type { BenchReport } from './measure/report.ts';
import { say } from './measure/say.ts';
import { countedEvents, verifyRows } from './measure/verify-rows.ts';
import { setUpPaymentApp } from './payment-app.ts';
import { ExpectedRows } from './workload/expected-rows.ts';

export interface LiveOptions {
  readonly rate: number;
  readonly seconds: number;
  /** Measured events, instead of `seconds`. */
  readonly events?: number;
  /**
   * Published before the measured seconds at the same rate: counted for `lost`, not for the
   * latencies.
   */
  readonly warmUpSeconds: number;
  /** Runners that share the tasks. Default 1. */
  readonly instances?: number;
  readonly kafka?: string;
  readonly database?: string;
}

/** V8 collects once more some seconds after the last work: that belongs to the work. */
const SETTLE_MS = 15_000;
/** The kernel counts processor time in steps of 10 ms: a thousandth of this. */
const IDLE_MS = 10_000;
const CATCH_UP_MS = 30_000;

/**
 * Latency of a running read model: publisher, runner and a polling reader, each in a process of its
 * own. For every event, the time from its acknowledgement to the moment the reader sees its row. In
 * the end every row is compared with what the bench computed itself.
 */
export async function benchLive(options: LiveOptions): Promise<BenchReport> {
  const place = await openTopic(options.kafka);
  try {
    const server = await openServer(options.database);
    try {
      return await measure(place, server, options);
    } finally {
      await server.close();
    }
  } finally {
    await place.close();
  }
}

async function measure(
  place: BenchTopic,
  server: BenchServer,
  options: LiveOptions,
): Promise<BenchReport> {
  const { rate, seconds, warmUpSeconds } = options;
  const warmUp = Math.round(rate * warmUpSeconds);
  const measured = options.events ?? Math.round(rate * seconds);
  const events = measured + warmUp;
  const databaseUrl = await server.createDatabase();
  const task = { brokers: place.brokers, topic: place.topic, databaseUrl, events };
  await setUpPaymentApp(task);
  const runners = await Promise.all(
    Array.from({ length: options.instances ?? 1 }, () => startContestant('liveRunner', task)),
  );
  await Promise.all(runners.map(({ ready }) => ready));
  const poller = new CheckpointPoller(databaseUrl);
  await poller.start();
  say(`publishing ${measured} events at ${rate} a second, after ${warmUp} to warm up`);
  const published = await runInChild('livePublisher', { ...task, rate });
  await caughtUp(poller, events);
  await poller.stop();
  const idleCpuPercent = await idleCpuPercentOf(runners[0]?.pid);
  for (const runner of runners) runner.stop();
  const results = await Promise.all(runners.map(({ result }) => result));
  const rssMaxBytes = Math.max(...results.map((each) => each.rssMaxBytes));

  const table = 'payment_metrics';
  const lost = events - (await countedEvents(databaseUrl, table));
  const expected = new ExpectedRows(events, { eventsApartMs: 1000 / rate });
  if (lost === 0) await verifyRows({ databaseUrl, table, expected, sumTolerance: 0 });
  const latencies = latenciesMs(published, poller, warmUp);
  return {
    bench: 'live',
    events,
    eventsPerSecond: events / published.seconds,
    rows: expected.rowCount,
    rssMaxBytes,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    lost,
    ...(idleCpuPercent !== undefined && { idleCpuPercent }),
  };
}

/**
 * Processor time of a process that has nothing to do, some time after its last work; undefined
 * where the system does not tell.
 */
async function idleCpuPercentOf(pid: number | undefined): Promise<number | undefined> {
  await delay(SETTLE_MS);
  const before = cpuSecondsOf(pid);
  await delay(IDLE_MS);
  const after = cpuSecondsOf(pid);
  if (before === undefined || after === undefined) return undefined;
  return ((after - before) / (IDLE_MS / 1000)) * 100;
}

/**
 * Waits until the reader sees everything, or for half a minute: what is not there by then counts as
 * lost.
 */
async function caughtUp(poller: CheckpointPoller, events: number): Promise<void> {
  const deadline = performance.now() + CATCH_UP_MS;
  while (poller.visibleRecords() < events && performance.now() < deadline) await delay(20);
}

/**
 * Sorted latencies of the events after the warm-up. A row seen before its acknowledgement arrived
 * counts as 0; one never seen is left to `lost`.
 */
function latenciesMs(
  published: PublishedEvents,
  poller: CheckpointPoller,
  from: number,
): Float64Array {
  const { partitions, offsets, acknowledgedMs } = published;
  const latencies: number[] = [];
  for (let index = from; index < acknowledgedMs.length; index += 1) {
    const visibleMs = poller.visibleAtMs(partitions[index] ?? 0, offsets[index] ?? 0);
    if (visibleMs !== Number.POSITIVE_INFINITY)
      latencies.push(Math.max(0, visibleMs - (acknowledgedMs[index] ?? 0)));
  }
  return Float64Array.from(latencies).sort();
}
