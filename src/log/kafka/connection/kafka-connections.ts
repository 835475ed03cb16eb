import { Kafka, logLevel } from 'kafkajs';
import { type ErrorFacts, RepriseError } from '../../../reprise-error.ts';
import type { ClusterMetadata, KafkaRequest } from '../wire/kafka-request.ts';
import { connectionError } from './connection-error.ts';
import type { KafkaLogConfig } from './kafka-log-config.ts';
import { ResponseAssembly } from './response-assembly.ts';
import { createSocket } from './socket.ts';

// All access to internals of kafkajs 2.2.4 is in this file. kafkajs is frozen at that version;
// reprise uses its connections (TLS, SASL, request queue, throttling), but not its consumer
// (architecture.md).

interface KafkajsConnection {
  readonly socket?: object;
  /** Handles the response to a running authentication. */
  readonly authHandlers: object | null;
  readonly requestQueue: {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void;
    scheduleCheckPendingRequests(): void;
  };
  isConnected(): boolean;
  rejectRequests(error: Error): void;
  processData(chunk: Buffer): void;
}

interface KafkajsBroker {
  versions: Record<number, { maxVersion: number }> | null;
  connectionPool: {
    pool: readonly KafkajsConnection[];
    send(protocol: unknown): Promise<unknown>;
  };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

interface KafkajsBrokerPool {
  connectionPoolBuilder: {
    build(destination: { host: string; port: number }): Promise<KafkajsBroker['connectionPool']>;
  };
  createBroker(options: unknown): KafkajsBroker;
}

interface Internals {
  readonly pool: KafkajsBrokerPool;
  readonly logger: unknown;
}

/** Creates kafkajs's client; its log goes to the configured logger. */
function kafkajsClient(config: KafkaLogConfig): Kafka {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] ??= '1';
  const { logger } = config;
  return new Kafka({
    brokers: [...config.brokers],
    clientId: config.clientId ?? 'reprise',
    connectionTimeout: config.connectionTimeoutMs ?? 2_000,
    requestTimeout: config.requestTimeoutMs ?? 30_000,
    socketFactory: createSocket,
    logLevel: logger === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator: () => (entry) =>
      logger?.({
        level: entry.level <= logLevel.ERROR ? 'error' : 'warn',
        message: entry.log.message,
        facts: { source: `kafkajs ${entry.namespace}` },
      }),
    ...(config.ssl === undefined ? {} : { ssl: config.ssl }),
    ...(config.sasl === undefined ? {} : { sasl: config.sasl }),
  });
}

/**
 * Connections to the brokers of one cluster: opened at first use, dropped on failure and reopened
 * at the next use. Each read has its own, so that its long polls delay no other request.
 */
export class KafkaConnections {
  readonly #config: KafkaLogConfig;
  readonly #internals: Internals;
  readonly #allocate: (size: number) => Buffer;
  readonly #brokers = new Map<string, Promise<KafkajsBroker>>();
  #addresses = new Map<number, string>();
  #nextSeed = 0;
  #closed = false;

  /**
   * `allocate`: returns memory for a response of that many bytes. Default: new memory. @throws
   * KAFKAJS_CHANGED
   */
  constructor(config: KafkaLogConfig, allocate: (size: number) => Buffer = Buffer.allocUnsafe) {
    this.#config = config;
    this.#allocate = allocate;
    this.#internals = reachInto(kafkajsClient(config));
  }

  /** Stores the addresses of the cluster's nodes, for `sendTo`. */
  learn(metadata: ClusterMetadata): void {
    this.#addresses = new Map(metadata.brokers.map((b) => [b.nodeId, `${b.host}:${b.port}`]));
  }

  /**
   * Sends to any broker that answers, first to the one that answered last. @throws LOG_UNAVAILABLE,
   * LOG_UNAUTHORIZED
   */
  async sendToAny<T>(request: KafkaRequest<T>): Promise<T> {
    const known = new Set([...this.#brokers.keys(), ...this.#rotatedSeeds()]);
    let failure: RepriseError | undefined;
    for (const address of known) {
      try {
        return await this.#send(address, request);
      } catch (error) {
        if (!(error instanceof RepriseError) || !error.retriable) throw error;
        failure = error;
      }
    }
    throw failure ?? connectionError(new Error('no broker is configured'), this.#config.brokers);
  }

  /**
   * Opens the connection to a node of the cluster unless it is open. A request that fails after
   * this may have reached the node. @throws as sendTo
   */
  async connect(nodeId: number): Promise<void> {
    const address = this.#addressOf(nodeId);
    try {
      await this.#broker(address);
    } catch (cause) {
      await this.#drop(address);
      throw connectionError(cause, [address]);
    }
  }

  /**
   * Sends to a node of the cluster. @throws LOG_UNAVAILABLE (also if the node is unknown),
   * LOG_UNAUTHORIZED
   */
  async sendTo<T>(nodeId: number, request: KafkaRequest<T>): Promise<T> {
    return this.#send(this.#addressOf(nodeId), request);
  }

  /** Closes all connections; rejects requests in flight. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#brokers.keys()].map((address) => this.#drop(address)));
  }

  #addressOf(nodeId: number): string {
    const address = this.#addresses.get(nodeId);
    if (address !== undefined) return address;
    throw connectionError(new Error(`node ${nodeId} is not known`), this.#config.brokers);
  }

  async #send<T>(address: string, request: KafkaRequest<T>): Promise<T> {
    try {
      const broker = await this.#broker(address);
      requireVersion(broker, request, address);
      const answer = await broker.connectionPool.send({
        request: { ...request, encode: async () => ({ buf: request.body, buffer: request.body }) },
        response: {
          decode: async (payload: Buffer) => payload,
          parse: async (payload: Buffer) => payload,
        },
        logResponseError: false,
      });
      return request.decode(answer as Buffer);
    } catch (cause) {
      if (cause instanceof RepriseError) throw cause;
      await this.#drop(address);
      throw connectionError(cause, [address]);
    }
  }

  /**
   * Returns a connected broker. Reopens a closed connection once for all concurrent callers;
   * kafkajs would open one for each of them and lose all but one.
   */
  async #broker(address: string): Promise<KafkajsBroker> {
    for (;;) {
      if (this.#closed) throw new Error('the log is closed');
      const opened = this.#brokers.get(address) ?? this.#open(address);
      this.#brokers.set(address, opened);
      const broker = await opened;
      if (broker.connectionPool.pool[0]?.isConnected()) return broker;
      if (this.#brokers.get(address) === opened) await this.#drop(address);
    }
  }

  async #open(address: string): Promise<KafkajsBroker> {
    const { pool, logger } = this.#internals;
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    const port = Number(address.slice(colon + 1));
    const connectionPool = await pool.connectionPoolBuilder.build({ host, port });
    for (const connection of connectionPool.pool) {
      assembleResponses(connection, this.#allocate);
      restWhenIdle(connection);
    }
    const broker = pool.createBroker({ connectionPool, logger });
    await broker.connect();
    return broker;
  }

  async #drop(address: string): Promise<void> {
    const opened = this.#brokers.get(address);
    this.#brokers.delete(address);
    const broker = await opened?.catch(() => undefined);
    if (broker === undefined) return;
    for (const connection of broker.connectionPool.pool) {
      connection.rejectRequests(new Error('connection closed'));
    }
    await broker.disconnect().catch((error: unknown) => {
      this.#note('closing a connection failed', { address, reason: String(error) });
    });
  }

  #rotatedSeeds(): string[] {
    const { brokers } = this.#config;
    const from = this.#nextSeed % Math.max(brokers.length, 1);
    this.#nextSeed += 1;
    return [...brokers.slice(from), ...brokers.slice(0, from)];
  }

  #note(message: string, facts: ErrorFacts): void {
    this.#config.logger?.({ level: 'debug', message, facts });
  }
}

/**
 * Makes a connection assemble its responses in memory that reprise allocates. kafkajs handles
 * responses to an authentication.
 */
function assembleResponses(
  connection: KafkajsConnection,
  allocate: (size: number) => Buffer,
): void {
  const { requestQueue } = connection;
  if (typeof connection.processData !== 'function') throw changed('connection.processData');
  if (typeof requestQueue?.fulfillRequest !== 'function') throw changed('requestQueue');
  const assembly = new ResponseAssembly(allocate, (response) => {
    const correlationId = response.readInt32BE();
    const payload = response.subarray(4);
    requestQueue.fulfillRequest({ correlationId, payload, size: response.length });
  });
  const kafkajsData = connection.processData.bind(connection);
  let { socket } = connection;
  connection.processData = (chunk) => {
    if (connection.socket !== socket) assembly.reset();
    socket = connection.socket;
    if (connection.authHandlers && assembly.isEmpty) kafkajsData(Buffer.from(chunk));
    else assembly.push(chunk);
  };
}

/**
 * Makes a connection check pending requests only while there are some. kafkajs 2.2.4 instead sets a
 * timer in the past, which fires at once and sets the next: a thousand times a second for every
 * connection (https://github.com/tulios/kafkajs/issues/1556).
 */
function restWhenIdle({ requestQueue }: KafkajsConnection): void {
  if (typeof requestQueue.scheduleCheckPendingRequests !== 'function')
    throw changed('requestQueue');
  const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length > 0 || requestQueue.throttledUntil > Date.now()) schedule();
  };
}

function requireVersion(
  broker: KafkajsBroker,
  request: KafkaRequest<unknown>,
  address: string,
): void {
  const newest = broker.versions?.[request.apiKey]?.maxVersion ?? -1;
  if (newest >= request.apiVersion) return;
  throw new RepriseError(
    'LOG_UNAVAILABLE',
    `The broker ${address} does not know ${request.apiName} v${request.apiVersion}. Use Kafka 2.8 or later.`,
    { facts: { broker: address, api: request.apiName, newest } },
  );
}

/**
 * Takes the connection layer out of kafkajs's client. @throws KAFKAJS_CHANGED if it differs from
 * version 2.2.4
 */
function reachInto(client: Kafka): Internals {
  const symbol = Object.getOwnPropertySymbols(client).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  const createCluster: unknown = symbol === undefined ? undefined : Reflect.get(client, symbol);
  if (typeof createCluster !== 'function') throw changed('createCluster');
  const create = createCluster as (options: object) => unknown;
  const cluster = create({ allowAutoTopicCreation: false });
  const pool = member(cluster, 'brokerPool');
  const builder = member(pool, 'connectionPoolBuilder');
  if (typeof member(builder, 'build') !== 'function') throw changed('connectionPoolBuilder.build');
  if (typeof member(pool, 'createBroker') !== 'function') throw changed('brokerPool.createBroker');
  return { pool: pool as KafkajsBrokerPool, logger: client.logger() };
}

function member(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null) throw changed(name);
  return Reflect.get(object, name);
}

function changed(what: string): RepriseError {
  return new RepriseError(
    'KAFKAJS_CHANGED',
    `kafkajs has no ${what} where version 2.2.4 has it. Install kafkajs 2.2.4 exactly, as reprise's package.json pins it.`,
    { facts: { missing: what } },
  );
}
