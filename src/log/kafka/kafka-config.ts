import type { KafkaConfig, SASLOptions } from 'kafkajs';
import type { ErrorFacts } from '../../reprise-error.ts';

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
  /** How long `describe`, `append`, `ensureTopics` and `leaderEpochEnd` try to reach the cluster before they fail. Default 5,000. */
  readonly availabilityTimeoutMs?: number;
  /** How long a broker may take to answer. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Codec of appended batches. Default `none`. */
  readonly compression?: 'none' | 'gzip';
  /** Unpacked bytes that one fetched Kafka batch may have. Default 64 MiB. */
  readonly unpackedBytesMax?: number;
  /** Commit offsets that are shown to consumer groups whose names begin with this and a dot. Default: none are. */
  readonly publishOffsets?: string;
  /** Hears what the connection layer and the reader would otherwise keep to themselves (retries, lost connections). Default: nobody. */
  readonly logger?: (entry: KafkaLogEntry) => void;
}

/** One line of the adapter's own log. */
export interface KafkaLogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts: ErrorFacts;
}
