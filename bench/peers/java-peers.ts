import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Coordinates } from '../../test/support/maven-jars.ts';
import { answers, mavenClassPath, runJava } from '../../test/support/maven-jars.ts';
import type { Measurement, TableTask } from '../contestants/contestant.ts';

const run = promisify(execFile);

export type PeerName = 'flink' | 'kafkaStreams' | 'javaDrain';

/** The peers, compiled and ready to run. */
export interface JavaPeers {
  /** Runs one in a process of its own. */
  run(peer: PeerName, task: TableTask): Promise<Measurement>;
}

const COMMON: readonly Coordinates[] = [
  'org.postgresql:postgresql:42.7.7',
  'org.apache.avro:avro:1.12.0',
  'org.slf4j:slf4j-simple:1.7.36',
];
const FLINK: readonly Coordinates[] = [
  'org.apache.flink:flink-streaming-java:1.20.5',
  'org.apache.flink:flink-clients:1.20.5',
  'org.apache.flink:flink-connector-base:1.20.5',
  'org.apache.flink:flink-connector-kafka:3.4.0-1.20',
  'org.apache.flink:flink-connector-jdbc:3.3.0-1.20',
  ...COMMON,
];
const STREAMS: readonly Coordinates[] = ['org.apache.kafka:kafka-streams:4.1.1', ...COMMON];

/** Flink's serialisers look into these packages. */
const OPENED = ['java.util', 'java.lang', 'java.time', 'java.nio'].flatMap((name) => [
  '--add-opens',
  `java.base/${name}=ALL-UNNAMED`,
]);
const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
const SHARED = ['Payment', 'Metrics', 'Measured'];

interface Source {
  readonly main: string;
  readonly jars: 'flink' | 'streams';
  readonly options: readonly string[];
}

const SOURCES: Readonly<Record<PeerName, Source>> = {
  flink: { main: 'FlinkRebuild', jars: 'flink', options: ['-Xmx1g', ...OPENED] },
  kafkaStreams: { main: 'StreamsRebuild', jars: 'streams', options: ['-Xmx1g'] },
  javaDrain: { main: 'ConsumerDrain', jars: 'streams', options: ['-Xmx512m'] },
};

/**
 * Fetches the peers' jars (once) and compiles our few sources. Undefined without a JDK, or without
 * the jars and maven.
 */
export async function compilePeers(): Promise<JavaPeers | undefined> {
  if (!(await answers('javac', '-version'))) return undefined;
  const flink = await mavenClassPath('flink', FLINK);
  const streams = await mavenClassPath('kafka-streams', STREAMS);
  if (flink === undefined || streams === undefined) return undefined;
  const jars = { flink, streams };
  const classes = await mkdtemp(join(tmpdir(), 'reprise-peers-'));
  process.once('exit', () => rmSync(classes, { recursive: true, force: true }));
  const classPathOf = (of: keyof typeof jars) => [jars[of], join(classes, of)].join(delimiter);
  for (const of of ['flink', 'streams'] as const) {
    const mains = Object.values(SOURCES).filter((source) => source.jars === of);
    const sources = [...SHARED, ...mains.map(({ main }) => main)].map((name) =>
      fileURLToPath(new URL(`./java/${name}.java`, import.meta.url)),
    );
    await run('javac', ['-nowarn', '-d', join(classes, of), '-cp', jars[of], ...sources]);
  }
  return {
    async run(peer, { brokers, topic, events, databaseUrl }) {
      const { main, jars: of, options } = SOURCES[peer];
      const args = [brokers, topic, String(events), jdbcUrl(databaseUrl)];
      const out = await runJava({
        classPath: classPathOf(of),
        main,
        args,
        options: [...options, QUIET],
      });
      return JSON.parse(out.trim().split('\n').at(-1) ?? '') as Measurement;
    },
  };
}

/** A Postgres URL as JDBC writes it; batches of upserts become statements of many rows. */
function jdbcUrl(url: string): string {
  if (url === '') return '';
  const { hostname, port, pathname, username, password } = new URL(url);
  const secret = password === '' ? '' : `&password=${password}`;
  return `jdbc:postgresql://${hostname}:${port}${pathname}?user=${username}${secret}&reWriteBatchedInserts=true`;
}
