import pg from 'pg';
import type { Measurement } from './contestants/contestant.ts';
import { createTables } from './contestants/hand-written-table.ts';
import { runInChild } from './measure/child.ts';
import type { BenchReport } from './measure/report.ts';
import { playRounds } from './measure/rounds.ts';
import { say } from './measure/say.ts';
import type { JavaPeers, PeerName } from './peers/java-peers.ts';
import { compilePeers } from './peers/java-peers.ts';
import type { Job, JobOptions } from './rebuild-job.ts';
import { runReprise, verifyOthers, withJob } from './rebuild-job.ts';
import { rebuildReport } from './rebuild-report.ts';

export interface PeersOptions extends JobOptions {
  readonly rounds: number;
}

/**
 * The job of `bench rebuild` beside the same job on Flink and on Kafka Streams, and beside readers
 * that do nothing: Kafka's own Java consumer and kafkajs. Every table is checked row by row against
 * the same reference. Without a JDK the Java ones are skipped, loudly.
 */
export async function benchPeers(options: PeersOptions): Promise<BenchReport> {
  const peers = await compilePeers();
  if (peers === undefined) {
    say(
      'NO PEERS: Flink and Kafka Streams are SKIPPED; they need a JDK, and maven the first time.',
    );
  }
  return withJob(options, (job) => measure(job, peers, options.rounds));
}

async function measure(
  job: Job,
  peers: JavaPeers | undefined,
  rounds: number,
): Promise<BenchReport> {
  const { brokers, topic } = job.place;
  const { events } = job;
  const standings = await playRounds<string>(rounds, {
    reprise: () => runReprise(job),
    ...(peers === undefined
      ? {}
      : {
          flink: () => runPeer(job, peers, 'flink'),
          kafkaStreams: () => runPeer(job, peers, 'kafkaStreams'),
          javaDrain: () => peers.run('javaDrain', { brokers, topic, events, databaseUrl: '' }),
        }),
    kafkajsDrain: () => runInChild('kafkajsDrain', { brokers, topic, events }),
  });
  return rebuildReport('peers', job, standings);
}

async function runPeer(job: Job, peers: JavaPeers, name: PeerName): Promise<Measurement> {
  const { brokers, topic } = job.place;
  const { events } = job;
  const databaseUrl = await job.server.createDatabase();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await createTables(client).finally(() => client.end());
  const measured = await peers.run(name, { brokers, topic, events, databaseUrl });
  await verifyOthers(job, { name, databaseUrl, measured });
  return measured;
}
