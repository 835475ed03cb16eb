import { pause } from '../../concurrency/pause.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { AppendOptions, AppendRecord, Position } from '../event-log.ts';
import { partitionFor } from '../partition-for.ts';
import { backOff } from './connection/back-off.ts';
import { unknownTopic } from './connection/broker-error.ts';
import { KafkaConnections } from './connection/kafka-connections.ts';
import type { KafkaLogConfig } from './connection/kafka-log-config.ts';
import type { KafkaTopics } from './connection/kafka-topics.ts';
import { AppendCall } from './produce/append-call.ts';
import { type BatchCodec, loadBatchCodec } from './produce/batch-codec.ts';
import { PartitionProducer, type ProducerParts } from './produce/partition-producer.ts';
import { ProduceRequests } from './produce/produce-requests.ts';
import { ProducerIds } from './produce/producer-ids.ts';
import { TopicLeaders } from './produce/topic-leaders.ts';

/**
 * Appends with reprise's own idempotent producer, acks=all (ADR 0032). Records are routed to their
 * partitions in the order of the calls. Each partition delivers on its own, so that one without a
 * leader does not delay others. States: open → closed (accepted records are delivered, or fail
 * within the delivery timeout).
 */
export class KafkaAppender {
  readonly #connections: KafkaConnections;
  readonly #leaders: TopicLeaders;
  readonly #parts: ProducerParts;
  readonly #producers = new Map<string, PartitionProducer[]>();
  readonly #abort = new AbortController();
  /** The last call that waits to be routed; undefined if there is none. */
  #routing: Promise<void> | undefined;
  #roundRobin = 0;
  #closing: Promise<void> | undefined;

  /** Connects at the first append. @throws KAFKAJS_CHANGED */
  constructor(config: KafkaLogConfig, topics: KafkaTopics) {
    // Separate connections: while a broker waits for replicas, it answers nothing else on the same
    // one.
    this.#connections = new KafkaConnections(config);
    this.#leaders = new TopicLeaders(topics, this.#connections);
    let codec: Promise<BatchCodec> | undefined;
    this.#parts = {
      ids: new ProducerIds(this.#connections),
      leaders: this.#leaders,
      // The broker's timeout for slow replicas must end before the request timeout.
      requests: new ProduceRequests(this.#connections, (config.requestTimeoutMs ?? 30_000) / 2),
      codec: () => (codec ??= loadBatchCodec(config.compression ?? 'none')),
      deliveryTimeoutMs: config.deliveryTimeoutMs ?? 30_000,
      rest: (attempt) => backOff(attempt, this.#abort.signal),
      signal: this.#abort.signal,
      note: (message, reason) => config.logger?.({ level: 'warn', message, facts: { reason } }),
    };
  }

  /**
   * Appends records. @throws APPEND_FAILED, UNKNOWN_TOPIC, LOG_UNAVAILABLE, LOG_UNAUTHORIZED,
   * CLOSED
   */
  append(
    records: readonly AppendRecord[],
    { inKeyOrder = false }: AppendOptions = {},
  ): Promise<readonly Position[]> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    if (records.length === 0) return Promise.resolve([]);
    const call = new AppendCall(records.length, { startedAtMs: Date.now(), inKeyOrder });
    const toLocate = this.#topicsToLocate(records);
    if (this.#routing === undefined && toLocate.length === 0) {
      this.#route(records, call);
      return call.done;
    }
    // Later calls must not overtake this one.
    const routing: Promise<void> = (this.#routing ?? Promise.resolve())
      .then(() => this.#locate(records))
      .then(() => this.#route(records, call))
      .catch((error: unknown) => call.refuse(error))
      .finally(() => {
        if (this.#routing === routing) this.#routing = undefined;
      });
    this.#routing = routing;
    return call.done;
  }

  /** Delivers accepted records, for at most the delivery timeout, then disconnects. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const delivered = new AbortController();
    void pause(this.#parts.deliveryTimeoutMs, delivered.signal).then(async () => {
      if (delivered.signal.aborted) return;
      this.#abort.abort();
      await this.#connections.close();
    });
    await this.#routing;
    await Promise.all([...this.#producers.values()].flat().map((producer) => producer.idle()));
    delivered.abort();
    await this.#connections.close();
  }

  /**
   * Returns the topics not looked up yet, and those that lack a requested partition, which may be
   * new.
   */
  #topicsToLocate(records: readonly AppendRecord[]): readonly string[] {
    let toLocate: Set<string> | undefined;
    let last: string | undefined;
    let partitions = 0;
    for (const { topic, partition = 0 } of records) {
      if (topic !== last) {
        partitions = this.#leaders.partitionsOf(topic) ?? 0;
        last = topic;
        if (this.#leaders.isStale(topic)) this.#refreshBehind(topic);
      }
      if (partition >= partitions) (toLocate ??= new Set()).add(topic);
    }
    return toLocate === undefined ? [] : [...toLocate];
  }

  async #locate(records: readonly AppendRecord[]): Promise<void> {
    await Promise.all(this.#topicsToLocate(records).map((topic) => this.#leaders.refresh(topic)));
  }

  #refreshBehind(topic: string): void {
    this.#leaders.refresh(topic).catch((error: unknown) => {
      this.#parts.note(`looking up the partitions of ${topic} failed`, String(error));
    });
  }

  /**
   * Passes every record to its partition. @throws UNKNOWN_TOPIC, APPEND_FAILED before any is passed
   */
  #route(records: readonly AppendRecord[], call: AppendCall): void {
    const routes = records.map((record) => this.#producerOf(record));
    records.forEach((record, index) => routes[index]?.push(record, call, index));
  }

  #producerOf(record: AppendRecord): PartitionProducer {
    const { topic, key, timestampMs } = record;
    const count = this.#leaders.partitionsOf(topic) ?? 0;
    const partition = record.partition ?? partitionFor(key, count, this.#roundRobin);
    if (!(partition >= 0 && partition < count)) throw unknownTopic(topic, partition);
    if (timestampMs !== undefined && !Number.isSafeInteger(timestampMs)) throw noTime(record);
    if (key === null) this.#roundRobin = (this.#roundRobin + 1) % 0x7fff_ffff;
    let producers = this.#producers.get(topic);
    if (producers === undefined) this.#producers.set(topic, (producers = []));
    return (producers[partition] ??= new PartitionProducer({ topic, partition }, this.#parts));
  }
}

function noTime({ topic, timestampMs }: AppendRecord): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `A record for ${topic} has the timestamp ${timestampMs}, which is no whole number of milliseconds. Correct it; nothing of this call was written.`,
    { facts: { topic, timestampMs: timestampMs ?? null } },
  );
}

function closed(): RepriseError {
  return new RepriseError('CLOSED', 'The log is closed: open a new one to append.');
}
