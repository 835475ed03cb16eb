import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startKafka } from '../test/support/kafka-broker.ts';
import { kafkaClient, openServer } from './environment.ts';
import type { Child } from './measure/child.ts';
import { startContestant } from './measure/child.ts';
import type { BenchReport, SoakSeries } from './measure/report.ts';
import { say } from './measure/say.ts';
import { countsFrom, growthOf } from './soak/flatness.ts';
import { createSoakApp, SOAK_PARTITIONS, type SoakPlace } from './soak/soak-app.ts';
import { soakEvents } from './soak/soak-events.ts';

export interface SoakOptions {
  readonly kafkaGb: number;
  readonly postgresGb: number;
  readonly kafka?: string;
  readonly database?: string;
}

/** Published, read and measured at a time. */
const ROUND_BYTES = 100_000_000;
/** In every so many rounds connections are cut while events are on their way. */
const CUT_EVERY = 3;
const CUT_AFTER_MS = 700;

type Soaked = Child<'soakProcess'>;

/** What one soak came to. */
interface Soak {
  readonly series: SoakSeries;
  readonly events: number;
  readonly seconds: number;
  readonly rssMaxBytes: number;
}

/**
 * A live runner with a projection of every kind and a publisher, each in a process of its own, over
 * gigabytes of Kafka and of the Postgres log. After every 100 MB, all of it folded and all alarms
 * published, both collect everything and say what is still referred to. Fails when that rises by
 * more than 30 MiB after the first 500 MB, or when tables of the framework grow.
 */
export async function benchSoak(options: SoakOptions): Promise<BenchReport> {
  const server = await openServer(options.database);
  try {
    const soaks: Soak[] = [];
    if (options.kafkaGb > 0) soaks.push(await soakKafka(server.createDatabase, options));
    if (options.postgresGb > 0) {
      const place = { databaseUrl: await server.createDatabase(), brokers: null, prefix: 'soak' };
      soaks.push(await soak(place, rounds(options.postgresGb), async () => undefined));
    }
    const events = soaks.reduce((sum, each) => sum + each.events, 0);
    const seconds = soaks.reduce((sum, each) => sum + each.seconds, 0);
    return {
      bench: 'soak',
      events,
      eventsPerSecond: events / seconds,
      rssMaxBytes: Math.max(...soaks.map((each) => each.rssMaxBytes)),
      soaks: soaks.map(({ series }) => series),
      failures: soaks.flatMap(({ series }) => growthOf(series)),
    };
  } finally {
    await server.close();
  }
}

function rounds(gigabytes: number): number {
  return Math.max(2, Math.ceil((gigabytes * 1e9) / ROUND_BYTES));
}

async function soakKafka(
  createDatabase: () => Promise<string>,
  options: SoakOptions,
): Promise<Soak> {
  const { kafka: given, kafkaGb } = options;
  if (given === undefined) say('starting Kafka');
  const kafka =
    given === undefined ? await startKafka() : { brokers: given, stop: async () => undefined };
  if (kafka === undefined) throw new Error('There is no Kafka: give one with --kafka HOST:PORT.');
  const { brokers } = kafka;
  const prefix = `soak-${randomBytes(4).toString('hex')}`;
  const admin = kafkaClient(brokers).admin();
  await admin.connect();
  const { reading, order, alarm } = soakEvents(prefix);
  const topics = [reading.topic, order.topic, alarm.topic];
  try {
    await createTopics(admin, topics);
    const place = { databaseUrl: await createDatabase(), brokers, prefix };
    return await soak(place, rounds(kafkaGb), forgetter(admin, topics));
  } finally {
    await admin.deleteTopics({ topics }).catch(() => undefined);
    await admin.disconnect();
    await kafka.stop();
  }
}

type Admin = ReturnType<ReturnType<typeof kafkaClient>['admin']>;

/** Small segments: what has been read is deleted as the soak goes on, by whole segments. */
async function createTopics(admin: Admin, topics: readonly string[]): Promise<void> {
  const configEntries = [
    { name: 'retention.ms', value: '-1' },
    { name: 'segment.bytes', value: '33554432' },
    { name: 'file.delete.delay.ms', value: '1000' },
  ];
  await admin.createTopics({
    topics: topics.map((topic) => ({
      topic,
      numPartitions: SOAK_PARTITIONS,
      replicationFactor: 1,
      configEntries,
    })),
    waitForLeaders: true,
  });
}

/** Deletes what was there at the call before: everybody has read that. */
function forgetter(admin: Admin, topics: readonly string[]): () => Promise<void> {
  let before: readonly { readonly topic: string; readonly ends: Ends }[] = [];
  return async () => {
    for (const { topic, ends } of before) {
      const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.deleteTopicRecords({ topic, partitions });
    }
    const now = topics.map(async (topic) => ({
      topic,
      ends: await admin.fetchTopicOffsets(topic),
    }));
    before = await Promise.all(now);
  };
}

type Ends = Awaited<ReturnType<Admin['fetchTopicOffsets']>>;

async function soak(place: SoakPlace, count: number, forget: () => Promise<void>): Promise<Soak> {
  const app = await createSoakApp(place);
  await app.setUp().finally(() => app.close());
  const nodeOptions = ['--expose-gc'];
  const start = (role: 'runner' | 'publisher') =>
    startContestant('soakProcess', { ...place, role }, { nodeOptions });
  const [runner, publisher] = await Promise.all([start('runner'), start('publisher')]);
  try {
    await Promise.all([runner.ready, publisher.ready]);
    const series = await measure({ runner, publisher }, place, count, forget);
    runner.stop();
    publisher.stop();
    const [ran, published] = await Promise.all([runner.result, publisher.result]);
    const rssMaxBytes = Math.max(ran.rssMaxBytes, published.rssMaxBytes);
    return { series, events: published.events, seconds: ran.seconds, rssMaxBytes };
  } catch (error) {
    // Their results are nobody's now.
    for (const { result, kill } of [runner, publisher]) {
      result.catch(() => undefined);
      kill();
    }
    throw error;
  }
}

/** Rounds of publishing, reading and measuring. */
async function measure(
  { runner, publisher }: Readonly<Record<'runner' | 'publisher', Soaked>>,
  place: SoakPlace,
  count: number,
  forget: () => Promise<void>,
): Promise<SoakSeries> {
  const log = place.brokers === null ? 'postgres' : 'kafka';
  const readMb: number[] = [];
  const runnerMib: number[] = [];
  const publisherMib: number[] = [];
  let cuts = 0;
  let rowsBefore: SoakSeries['rowsBefore'] = {};
  for (let round = 0; round < count; round += 1) {
    const publishing = publisher.ask({ ask: 'publish', bytes: ROUND_BYTES });
    if (round % CUT_EVERY === 1) {
      await delay(CUT_AFTER_MS);
      for (const each of [runner, publisher]) cuts += await each.ask({ ask: 'cut' });
    }
    await publishing;
    await runner.ask({ ask: 'caughtUp' });
    await forget();
    readMb.push(((round + 1) * ROUND_BYTES) / 1e6);
    runnerMib.push((await runner.ask({ ask: 'memory' })) / 2 ** 20);
    publisherMib.push((await publisher.ask({ ask: 'memory' })) / 2 ** 20);
    if (round === countsFrom(count)) rowsBefore = await rowsOfFramework(place.databaseUrl);
    const mib = `runner ${runnerMib.at(-1)?.toFixed(1)}, publisher ${publisherMib.at(-1)?.toFixed(1)} MiB`;
    say(`${log} ${readMb.at(-1)} MB: ${mib}, ${cuts} connections cut`);
  }
  const rowsAfter = await rowsOfFramework(place.databaseUrl);
  return { log, readMb, runnerMib, publisherMib, cuts, rowsBefore, rowsAfter };
}

/** Rows of every table of the framework but the records of the log, which are the log. */
async function rowsOfFramework(databaseUrl: string): Promise<SoakSeries['rowsBefore']> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'reprise'::regnamespace and relkind = 'r'
       and relname not like 'log\\_records%' order by relname`,
    );
    const counts: Record<string, number> = {};
    for (const { name } of tables) {
      const table = pg.escapeIdentifier(name);
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from reprise.${table}`,
      );
      counts[name] = rows[0]?.count ?? 0;
    }
    return counts;
  } finally {
    await client.end();
  }
}
