import type { KafkaConfig, SASLOptions } from 'kafkajs';
import type { ErrorFacts } from '../../../reprise-error.ts';
import type { CompressionName } from '../wire/compression-name.ts';

/** How to reach a Kafka cluster. `ssl` and `sasl` are kafkajs's. */
export interface KafkaLogConfig {
  /** `host:port` of some brokers of the cluster; the others are found through them. */
  readonly brokers: readonly string[];
  /** Default `reprise`. */
  readonly clientId?: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: SASLOptions;
  /** How long one connection attempt may take. Default 2,000. */
  readonly connectionTimeoutMs?: number;
  /**
   * How long `describe`, `ensureTopics`, `leaderEpochEnd` and the look-up of a topic by its first
   * `append` try to reach the cluster before they fail. Default 5,000.
   */
  readonly availabilityTimeoutMs?: number;
  /** How long a broker may take to answer. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /**
   * How long an `append` goes on trying while a partition takes nothing, and `close` at most waits
   * for it. Default 30,000.
   */
  readonly deliveryTimeoutMs?: number;
  /** Codec of appended batches. Default `none`. */
  readonly compression?: CompressionName;
  /** Unpacked bytes that one fetched Kafka batch may have. Default 64 MiB. */
  readonly unpackedBytesMax?: number;
  /**
   * Commit offsets that are shown to consumer groups whose names begin with this and a dot.
   * Default: none are.
   */
  readonly publishOffsets?: string;
  /**
   * Hears what the connection layer and the reader would otherwise keep to themselves (retries,
   * lost connections). Default: nobody.
   */
  readonly logger?: (entry: KafkaLogEntry) => void;
}

/** One line of the adapter's own log. */
export interface KafkaLogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts: ErrorFacts;
}
