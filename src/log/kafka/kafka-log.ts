import { joinSignals } from '../../concurrency/join-signals.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { EventLog, Position, ReadOptions, ReadPosition } from '../event-log.ts';
import { KafkaConnections } from './connection/kafka-connections.ts';
import type { KafkaLogConfig } from './connection/kafka-log-config.ts';
import { KafkaTopics } from './connection/kafka-topics.ts';
import { KafkaAppender } from './kafka-appender.ts';
import { BatchStream, type OpenedReader } from './read/batch-stream.ts';
import { GroupOffsets } from './read/group-offsets.ts';
import { PartitionReader } from './read/partition-reader.ts';
import { partitionState } from './read/partition-state.ts';
import { ReaderMemory } from './read/reader-memory.ts';
import { loadDecompress } from './wire/decompress.ts';

/**
 * Maximum bytes of one fetch response over all its partitions; a larger single batch is still
 * delivered.
 */
const responseBytesMax = 32 * 1024 * 1024;
/**
 * Large enough that a reader far behind is not limited by round trips (`npm run bench -- drain`).
 */
const partitionBytesMax = 2 * 1024 * 1024;

/**
 * Creates an event log on Kafka 2.8 or later. Connects at first use. Each `read` has its own
 * connections; other calls share some.
 * @throws KAFKAJS_CHANGED if kafkajs is not the supported version; CONFIG_INVALID without brokers
 */
export function createKafkaLog(config: KafkaLogConfig): EventLog {
  requireBrokers(config);
  const shared = new KafkaConnections(config);
  const topics = new KafkaTopics(shared, config.availabilityTimeoutMs ?? 5_000);
  const appender = new KafkaAppender(config, topics);
  const groups = new GroupOffsets(shared);
  const { publishOffsets: prefix } = config;
  const closing = new AbortController();

  return {
    kind: 'kafka',
    identity: () => topics.clusterId(),
    describe: (names) => topics.describe(names),
    read: createRead(config, topics, closing.signal),
    append: (records, options) => appender.append(records, options),
    ensureTopics: (specs) => topics.ensure(specs),
    leaderEpochEnd: (topic, partition, leaderEpoch) =>
      topics.leaderEpochEnd({ topic, partition }, leaderEpoch),
    ...(prefix !== undefined && {
      showOffsets: (reader: string, nextOffsets: readonly Position[]) =>
        groups.commit(`${prefix}.${reader}`, nextOffsets),
    }),
    close: async () => {
      closing.abort();
      await appender.close();
      await shared.close();
    },
  };
}

function createRead(
  config: KafkaLogConfig,
  topics: KafkaTopics,
  closing: AbortSignal,
): EventLog['read'] {
  // Memory of the last reader that reused its memory. Held weakly, since there may be no next
  // reader.
  let pooled: WeakRef<ReaderMemory> | undefined;
  const open = async (
    positions: readonly ReadPosition[],
    options: ReadOptions,
    leaving: AbortSignal,
  ): Promise<OpenedReader> => {
    const decompress = await loadDecompress(config.unpackedBytesMax);
    const states = positions.map(partitionState);
    const memory = options.reusesMemory ? (pooled?.deref() ?? new ReaderMemory()) : null;
    if (memory !== null) pooled = undefined;
    const allocate = (size: number) => memory?.take(size) ?? Buffer.allocUnsafe(size);
    const settings = {
      maxWaitMs: options.maxWaitMs ?? 500,
      responseBytesMax,
      partitionBytesMax: options.partitionBytesMax ?? partitionBytesMax,
    };
    const connections = new KafkaConnections(config, allocate);
    const logger = config.logger ?? (() => undefined);
    const { signal, release } = joinSignals([closing, options.signal, leaving]);
    const parts = { connections, memory, topics, decompress, settings, signal, logger };
    const reader = new PartitionReader(parts, states);
    return {
      next: () => reader.next(),
      async close() {
        release();
        if (memory !== null) pooled = new WeakRef(memory);
        await reader.close();
      },
    };
  };
  return (positions, options = {}) => {
    if (closing.aborted) {
      throw new RepriseError('CLOSED', 'The log is closed: open a new one to read.');
    }
    return {
      [Symbol.asyncIterator]: () => new BatchStream((leaving) => open(positions, options, leaving)),
    };
  };
}

function requireBrokers({ brokers }: KafkaLogConfig): void {
  const wrong = brokers.find((broker) => !/^(\[[^\]]+\]|[^:\s]+):\d{1,5}$/.test(broker));
  if (brokers.length > 0 && wrong === undefined) return;
  throw new RepriseError(
    'CONFIG_INVALID',
    `The Kafka brokers ${wrong === undefined ? 'are missing' : `contain ${JSON.stringify(wrong)}`}: give a list of host:port.`,
    { facts: { brokers: brokers.join(',') } },
  );
}
