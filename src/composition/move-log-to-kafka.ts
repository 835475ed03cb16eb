import type { Container } from 'inversify';
import type { PoolClient } from 'pg';
import { neverSignal } from '../concurrency/never-signal.ts';
import type { RepriseConfig } from '../config/reprise-config.ts';
import { resolveConfig } from '../config/resolve-config.ts';
import type { CopiedPartition } from '../log/copy/copied-partition.ts';
import { copyTopics } from '../log/copy/copy-topics.ts';
import { createPostgresLog, type PostgresLog } from '../log/postgres/postgres-log.ts';
import { movedTopics, sealTopics } from '../log/postgres/seal-topics.ts';
import { migrate } from '../postgres/migrate.ts';
import { checkDatabase } from '../readmodel/pool.ts';
import { RepriseError } from '../reprise-error.ts';
import { assertTogether, type CarryOverReport, carryOver } from '../runner/carry-over.ts';
import type { RunnerSettings } from '../runner/settings/runner-settings.ts';
import { closeConnections } from './close-connections.ts';
import { createContainer } from './container.ts';
import { CopyMeter, type CopyProgress } from './copy-meter.ts';
import { openDatabase } from './open-database.ts';
import { OWN_TOKENS, TOKENS } from './tokens.ts';

/** Options of a move. */
export interface MoveLogOptions {
  /** Default: every topic of the log in Postgres. */
  readonly topics?: readonly string[];
  /**
   * Only copy and verify: checkpoints stay unchanged, and the topics in Postgres continue to accept
   * records. Default false.
   */
  readonly copyOnly?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** What was copied, and whether projections resume from it. */
export interface MoveLogReport {
  /** Compared to the byte in both logs, from offset 0 up to `nextOffset`. */
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly records: number;
    readonly nextOffset: bigint;
    /** Digest of the records, as defined by `PartitionDigest`. */
    readonly sha256: string;
  }[];
  /** Whether the checkpoints now point into Kafka, and the topics in Postgres are closed. */
  readonly moved: boolean;
  /** Number of tasks that resume from Kafka. */
  readonly tasks: number;
  /** Why the log was not moved. Empty if it was, or with `copyOnly`. */
  readonly obstacles: readonly string[];
  readonly seconds: number;
}

/** See `moveLogToKafka` in entry-points.ts. */
export async function moveLogToKafka(
  input: RepriseConfig,
  options: MoveLogOptions = {},
): Promise<MoveLogReport> {
  const config = resolveConfig(input, process.env);
  if (config.log.type !== 'kafka') {
    throw new RepriseError(
      'CONFIG_INVALID',
      'The configuration names no Kafka to copy to: give --brokers, or the future configuration of the application (log: { type: "kafka", … }).',
    );
  }
  const container = createContainer(config);
  const database = await openDatabase(config, async () => null);
  container.bind(TOKENS.databaseUrl).toConstantValue(database.url);
  try {
    await checkDatabase(container.get(TOKENS.pool), database.url);
    await migrate(container.get(TOKENS.knex));
    return await withCopyLock(container, () => copyFrom(container, database.url, options));
  } finally {
    await closeConnections(container);
    await database.stop();
  }
}

/**
 * Runs `work` unless another copy is in progress. The lock ends with its connection in any case.
 */
async function withCopyLock<Result>(
  container: Container,
  work: () => Promise<Result>,
): Promise<Result> {
  const client: PoolClient = await container.get(TOKENS.pool).connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>(
      `select pg_try_advisory_lock(hashtext('reprise.log-copy')) as mine`,
    );
    if (rows[0]?.mine !== true) {
      throw new RepriseError(
        'COPY_REFUSED',
        'Another copy of this log is in progress. Wait until it ends.',
      );
    }
    return await work();
  } finally {
    client.release(true);
  }
}

async function copyFrom(
  container: Container,
  url: string,
  options: MoveLogOptions,
): Promise<MoveLogReport> {
  const startedMs = performance.now();
  const settings = container.get(OWN_TOKENS.runnerSettings);
  const source = createPostgresLog({ pool: settings.pool, url });
  const meter = new CopyMeter(options.onProgress);
  try {
    const movedTo = await settings.log.identity();
    const topics = await chooseTopics(settings, options, movedTo);
    const partitions = await copyTopics({
      source,
      target: settings.log,
      topics,
      signal: options.signal ?? neverSignal(),
      onPhase: (phase, records) => meter.phase(phase, records),
      onRecords: (records) => meter.add(records),
    }); // 1, 2
    const carried =
      options.copyOnly === true
        ? { tasks: 0, obstacles: [] }
        : await carry(settings, { source, partitions, topics, movedTo }); // 3
    meter.phase('done', 0);
    return {
      partitions: partitions.map(({ topic, partition, comparedOffset: nextOffset, digest }) => ({
        topic,
        partition,
        records: digest.records,
        nextOffset,
        sha256: digest.sha256(),
      })),
      moved: options.copyOnly !== true && carried.obstacles.length === 0,
      ...carried,
      seconds: (performance.now() - startedMs) / 1000,
    };
  } finally {
    await source.close();
  }
}

/**
 * Returns the topics to copy: the requested ones that are still in Postgres. @throws COPY_REFUSED,
 * UNKNOWN_TOPIC
 */
async function chooseTopics(
  settings: Pick<RunnerSettings, 'pool'>,
  options: MoveLogOptions,
  movedTo: string,
): Promise<readonly string[]> {
  const known = await movedTopics(settings.pool);
  if (known.size === 0) {
    throw new RepriseError(
      'COPY_REFUSED',
      'The log in this Postgres has no topics: there is nothing to copy. Is it the database that the application used?',
    );
  }
  const topics = [...new Set(options.topics ?? known.keys())];
  for (const topic of topics) {
    const elsewhere = known.get(topic) ?? null;
    if (elsewhere === null || elsewhere === movedTo) continue;
    throw new RepriseError(
      'COPY_REFUSED',
      `${topic} has moved to another Kafka cluster (${elsewhere}) already, and continues there.`,
      { facts: { topic, cluster: elsewhere } },
    );
  }
  const moving = topics.filter((topic) => known.get(topic) !== movedTo);
  const staying = [...known].flatMap(([topic, to]) =>
    to === null && !moving.includes(topic) ? [topic] : [],
  );
  if (options.copyOnly !== true) await assertTogether(settings, { moving, staying });
  return moving;
}

/** Makes projections resume from the copy. */
async function carry(
  settings: RunnerSettings,
  copied: {
    readonly source: PostgresLog;
    readonly partitions: readonly CopiedPartition[];
    readonly topics: readonly string[];
    readonly movedTo: string;
  },
): Promise<CarryOverReport> {
  const { source, partitions, topics, movedTo } = copied;
  if (topics.length === 0) return { tasks: 0, obstacles: [] };
  const [from, to] = await Promise.all([source.describe(topics), settings.log.describe(topics)]);
  const ends = partitions.map(({ topic, partition, comparedOffset: endOffset }) => ({
    topic,
    partition,
    endOffset,
  }));
  return carryOver(settings, {
    topics: topics.map((topic) => ({
      topic,
      fromId: from.get(topic)?.topicId ?? '',
      toId: to.get(topic)?.topicId ?? '',
    })),
    seal: (client) => sealTopics(client, ends, movedTo),
  });
}
