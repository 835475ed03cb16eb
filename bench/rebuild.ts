import type { Measurement } from './contestants/contestant.ts';
import type { BenchServer, BenchTopic } from './environment.ts';
import { openServer, openTopic } from './environment.ts';
import { runInChild } from './measure/child.ts';
import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import { say } from './measure/say.ts';
import { countedEvents, verifyRows } from './measure/verify-rows.ts';
import { setUpPaymentApp } from './payment-app.ts';
import { ExpectedRows } from './workload/expected-rows.ts';
import { fillTopic } from './workload/fill-topic.ts';

export interface RebuildBenchOptions {
  readonly events: number;
  readonly rounds: number;
  /** Events for the hand-written eachBatch loop; undefined: all. */
  readonly comparisonEvents?: number;
  /** Events for the hand-written eachMessage loop. */
  readonly eachEvents: number;
  readonly kafka?: string;
  readonly database?: string;
}

/** What a run is about: the topic, the server, and what every row must be. */
interface Job {
  readonly place: BenchTopic;
  readonly server: BenchServer;
  readonly events: number;
  /** In the wire header of every value. */
  readonly schemaId: number;
  readonly expected: ExpectedRows;
}

/** Adding doubles one after another, as the hand-written loops do, may differ from the exact sum in the last digits. */
const NAIVE_SUM_TOLERANCE = 1e-12;

/**
 * The rebuild of `PaymentMetrics` from Kafka into Postgres, as an application does it, beside kafkajs's reader that does nothing and the two loops that people
 * write by hand. Every run gets an empty database; the rows are compared one by one with what the bench computed itself.
 */
export async function benchRebuild(options: RebuildBenchOptions): Promise<BenchReport> {
  const { events } = options;
  const place = await openTopic(options.kafka);
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
      await fillTopic({ topic, leaders, schemaId, events });
      return await measure(
        { place, server, events, schemaId, expected: new ExpectedRows(events) },
        options,
      );
    } finally {
      await server.close();
    }
  } finally {
    await place.close();
  }
}

async function measure(job: Job, options: RebuildBenchOptions): Promise<BenchReport> {
  const { brokers, topic } = job.place;
  const { events, expected } = job;
  const batchEvents = Math.min(events, options.comparisonEvents ?? events);
  const eachEvents = Math.min(events, options.eachEvents);
  const standings = await playRounds(options.rounds, {
    reprise: () => runReprise(job),
    kafkajsDrain: () => runInChild('kafkajsDrain', { brokers, topic, events }),
    handWrittenBatch: () => runHandWritten(job, 'handWrittenBatch', batchEvents),
    handWrittenEach: () => runHandWritten(job, 'handWrittenEach', eachEvents),
  });
  const { eventsPerSecond, seconds, rssMaxBytes } = standings.reprise;
  const comparisons = {
    kafkajsDrain: standings.kafkajsDrain.eventsPerSecond,
    handWrittenBatch: standings.handWrittenBatch.eventsPerSecond,
    handWrittenEach: standings.handWrittenEach.eventsPerSecond,
  };
  return {
    bench: 'rebuild',
    events,
    eventsPerSecond,
    rows: expected.rowCount,
    rowsPerSecond: expected.rowCount / seconds,
    rssMaxBytes,
    comparisons,
    ratios: ratiosOf(eventsPerSecond, comparisons),
  };
}

/** Setting up is not measured; verifying is not either, but nothing that failed it is reported. */
async function runReprise({
  place,
  server,
  events,
  schemaId,
  expected,
}: Job): Promise<Measurement> {
  const { brokers, topic } = place;
  const databaseUrl = await server.createDatabase();
  const registered = await setUpPaymentApp({ brokers, topic, databaseUrl });
  if (registered !== schemaId)
    throw new Error(`the registry gave id ${registered}, the values carry ${schemaId}`);
  const measured = await runInChild('repriseRebuild', { brokers, topic, events, databaseUrl });
  await verifyRows({ databaseUrl, table: 'payment_metrics__v1', expected, sumTolerance: 0 });
  if (measured.events !== events)
    throw new Error(`rebuild worked off ${measured.events} of ${events} events`);
  return measured;
}

async function runHandWritten(
  { place, server, events: all, expected }: Job,
  name: 'handWrittenBatch' | 'handWrittenEach',
  events: number,
): Promise<Measurement> {
  const { brokers, topic } = place;
  const databaseUrl = await server.createDatabase();
  const measured = await runInChild(name, { brokers, topic, events, databaseUrl });
  const table = 'payment_metrics';
  if (measured.events === all) {
    await verifyRows({ databaseUrl, table, expected, sumTolerance: NAIVE_SUM_TOLERANCE });
  }
  const counted = await countedEvents(databaseUrl, table);
  if (counted !== measured.events)
    throw new Error(`${name} counts ${counted} of ${measured.events} events`);
  return measured;
}
