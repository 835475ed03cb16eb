import type { KafkaConfig, SASLOptions } from 'kafkajs';
import type { ErrorFacts } from '../../../reprise-error.ts';
import type { CompressionName } from '../wire/compression-name.ts';

/** Configuration of a connection to Kafka. `ssl` and `sasl` are kafkajs's. */
export interface KafkaLogConfig {
  /** `host:port` of some brokers of the cluster; they name the others. */
  readonly brokers: readonly string[];
  /** Default `reprise`. */
  readonly clientId?: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: SASLOptions;
  /** Timeout of one connection attempt. Default 2,000. */
  readonly connectionTimeoutMs?: number;
  /**
   * How long `describe`, `ensureTopics`, `leaderEpochEnd` and the look-up of a topic by its first
   * `append` try to reach the cluster before they fail. Default 5,000.
   */
  readonly availabilityTimeoutMs?: number;
  /** Timeout of a request. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /**
   * How long `append` retries while a partition accepts nothing, and the maximum time that `close`
   * waits for it. Default 30,000.
   */
  readonly deliveryTimeoutMs?: number;
  /** Codec of appended batches. Default `none`. */
  readonly compression?: CompressionName;
  /** Maximum uncompressed bytes of one fetched Kafka batch. Default 64 MiB. */
  readonly unpackedBytesMax?: number;
  /**
   * Prefix of consumer groups, followed by a dot, to which offsets are committed for display.
   * Default: none are committed.
   */
  readonly publishOffsets?: string;
  /**
   * Receives events of the connection layer and the reader that are otherwise not reported
   * (retries, lost connections). Default: they are dropped.
   */
  readonly logger?: (entry: KafkaLogEntry) => void;
}

/** One line of the adapter's own log. */
export interface KafkaLogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts: ErrorFacts;
}
