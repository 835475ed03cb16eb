import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/embedded/embedded-postgres.ts';
import { startKafka } from '../test/support/kafka-broker.ts';
import { cpuSecondsOf, parentOf } from './measure/process-cpu.ts';
import { say } from './measure/say.ts';

/** Partitions of a bench topic, unless told otherwise. */
const PARTITIONS = 4;

/** A topic of this run on a broker that was given or booted. */
export interface BenchTopic {
  readonly brokers: string;
  readonly topic: string;
  /** Leader of each partition, by partition. */
  readonly leaders: readonly { readonly host: string; readonly port: number }[];
  /**
   * Processor time of the broker so far, seconds; undefined where it was not booted here as a
   * process.
   */
  cpuSeconds(): number | undefined;
  /** Deletes the topic; stops the broker if it was booted here. */
  close(): Promise<void>;
}

/** A Postgres server that was given or booted. */
export interface BenchServer {
  /** Makes an empty database on it. @returns its URL */
  createDatabase(): Promise<string>;
  /**
   * Processor time of the server so far, seconds, its background workers and ended connections
   * included; undefined where it is on another machine.
   */
  cpuSeconds(): number | undefined;
  /** Drops the databases made here; stops and removes the server if it was booted here. */
  close(): Promise<void>;
}

/**
 * A topic with a name nobody else uses, on `brokers` or, when undefined, on a broker of our own.
 * @throws Error when there is none
 */
export async function openTopic(
  brokers: string | undefined,
  partitions = PARTITIONS,
): Promise<BenchTopic> {
  const kafka =
    brokers === undefined
      ? await bootKafka()
      : { brokers, stop: async () => undefined, pid: undefined };
  try {
    const topic = `bench-payments-${randomBytes(4).toString('hex')}`;
    const leaders = await createTopic(kafka.brokers, topic, partitions);
    return {
      brokers: kafka.brokers,
      topic,
      leaders,
      cpuSeconds: () => cpuSecondsOf(kafka.pid?.()),
      async close() {
        if (brokers !== undefined)
          await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
        await kafka.stop();
      },
    };
  } catch (error) {
    await kafka.stop();
    throw error;
  }
}

/** The server at `url`, or an embedded one with its durable defaults in a temporary directory. */
export async function openServer(url: string | undefined): Promise<BenchServer> {
  if (url !== undefined) return serverAt(url, async () => undefined);
  say('starting Postgres');
  const directory = await mkdtemp(join(tmpdir(), 'reprise-bench-'));
  // Started by root, Postgres runs as another user, who must be able to enter.
  await chmod(directory, 0o711);
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const server = await startEmbeddedPostgres({
      dataDirectory: join(directory, 'postgres'),
      onProgress: say,
    });
    return await serverAt(server.url, async () => {
      await server.stop();
      await remove();
    });
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * A kafkajs client as the comparisons use it. Quiet: what ends it is raised as an error, what it
 * retries is not ours to tell.
 */
export function kafkaClient(brokers: string): Kafka {
  return new Kafka({
    clientId: 'reprise-bench',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
  });
}

async function bootKafka(): Promise<BootedKafka> {
  say('starting Kafka');
  const kafka = await startKafka();
  if (kafka === undefined) {
    throw new Error(
      'There is no Kafka for this bench: neither Docker nor Java with maven is here. Give a broker with --kafka HOST:PORT.',
    );
  }
  return kafka;
}

interface BootedKafka {
  readonly brokers: string;
  stop(): Promise<void>;
  readonly pid?: (() => number | undefined) | undefined;
}

type Admin = ReturnType<Kafka['admin']>;

async function withAdmin<Result>(
  brokers: string,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafkaClient(brokers).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/**
 * Retention is off: the workload's timestamps lie in the past and the broker would delete them
 * while we measure.
 */
async function createTopic(
  brokers: string,
  topic: string,
  numPartitions: number,
): Promise<BenchTopic['leaders']> {
  return withAdmin(brokers, async (admin) => {
    const configEntries = [{ name: 'retention.ms', value: '-1' }];
    await admin.createTopics({
      topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }],
      waitForLeaders: true,
    });
    const { brokers: nodes } = await admin.describeCluster();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    return [...partitions]
      .sort((a, b) => a.partitionId - b.partitionId)
      .map(({ leader }) => {
        const node = nodes.find(({ nodeId }) => nodeId === leader);
        if (node === undefined) throw new Error(`no broker ${leader} in the cluster's description`);
        return { host: node.host, port: node.port };
      });
  });
}

async function serverAt(url: string, stop: () => Promise<void>): Promise<BenchServer> {
  const names: string[] = [];
  const postmaster = await postmasterOf(url);
  return {
    cpuSeconds: () => cpuSecondsOf(postmaster),
    async createDatabase() {
      const name = `reprise_bench_${randomBytes(4).toString('hex')}`;
      await execute(url, `create database ${name}`);
      names.push(name);
      const made = new URL(url);
      made.pathname = `/${name}`;
      return made.href;
    },
    async close() {
      for (const name of names) await execute(url, `drop database if exists ${name} with (force)`);
      await stop();
    },
  };
}

/**
 * The process that a connection's process descends from, where that is a Postgres of this machine.
 */
async function postmasterOf(url: string): Promise<number | undefined> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return rows[0] === undefined ? undefined : parentOf(rows[0].pid);
  } finally {
    await client.end();
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
