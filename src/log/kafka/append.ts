import { CompressionTypes, type Producer } from 'kafkajs';
import { RepriseError } from '../../reprise-error.ts';
import type { AppendRecord, Position } from '../event-log.ts';
import { partitionFor } from '../partitioner.ts';
import { kafkajsClient } from './connection.ts';
import { connectionError } from './connection-error.ts';
import type { KafkaLogConfig } from './kafka-config.ts';
import type { KafkaTopics } from './topics.ts';

/** Bytes of one partition in one request: below Kafka's default `message.max.bytes` of 1 MiB with room for headers. */
const requestBytesMax = 768 * 1024;

interface Routed {
  readonly record: AppendRecord;
  readonly index: number;
  readonly partition: number;
}

/**
 * Appends over kafkajs's idempotent producer, acks=all, one request at a time (which is what an idempotent kafkajs producer allows).
 * States: idle → connected on the first append → closed.
 */
export class KafkaAppender {
  readonly #config: KafkaLogConfig;
  readonly #topics: KafkaTopics;
  readonly #partitions = new Map<string, number>();
  #producer: Promise<Producer> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #roundRobin = 0;
  #closed = false;

  constructor(config: KafkaLogConfig, topics: KafkaTopics) {
    this.#config = config;
    this.#topics = topics;
  }

  /** @throws APPEND_FAILED, UNKNOWN_TOPIC, LOG_UNAVAILABLE, LOG_UNAUTHORIZED, CLOSED */
  append(records: readonly AppendRecord[]): Promise<readonly Position[]> {
    if (this.#closed) return Promise.reject(closed());
    const appended = this.#queue.then(() => this.#appendNow(records));
    this.#queue = appended.catch(() => undefined);
    return appended;
  }

  /** Waits for appends under way, then disconnects. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    const producer = await this.#producer?.catch(() => undefined);
    this.#producer = undefined;
    await producer?.disconnect();
  }

  async #appendNow(records: readonly AppendRecord[]): Promise<readonly Position[]> {
    if (records.length === 0) return [];
    await this.#learnPartitions(records);
    const producer = await this.#connected();
    const positions: Position[] = [];
    for (const request of inRequests(records.map((record, index) => this.#route(record, index)))) {
      await this.#send(producer, request, positions);
    }
    return positions;
  }

  async #learnPartitions(records: readonly AppendRecord[]): Promise<void> {
    const unknown = new Set<string>();
    for (const { topic } of records) if (!this.#partitions.has(topic)) unknown.add(topic);
    if (unknown.size === 0) return;
    const counts = await this.#topics.partitionCounts([...unknown]);
    for (const [topic, count] of counts) this.#partitions.set(topic, count);
  }

  #route(record: AppendRecord, index: number): Routed {
    if (record.partition !== undefined) return { record, index, partition: record.partition };
    const partitions = this.#partitions.get(record.topic) ?? 1;
    const partition = partitionFor(record.key, partitions, this.#roundRobin);
    if (record.key === null) this.#roundRobin += 1;
    return { record, index, partition };
  }

  async #send(
    producer: Producer,
    request: readonly Routed[],
    positions: Position[],
  ): Promise<void> {
    const first = request[0]?.record.topic ?? '';
    const answers = await producer
      .sendBatch({
        acks: -1,
        compression:
          this.#config.compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
        topicMessages: byTopic(request),
      })
      .catch((cause: unknown) => {
        this.#partitions.clear(); // the topic may have been made anew
        // kafkajs takes its sequence numbers back: should the broker have written the batch after all, it would take the next records for a
        // repetition and drop them. A new producer has a new id.
        this.#producer = undefined;
        producer.disconnect().catch(() => undefined);
        throw appendFailed(cause, first, this.#config.brokers);
      });
    const next = new Map<string, bigint>();
    for (const { topicName, partition, baseOffset } of answers) {
      next.set(`${topicName}[${partition}]`, BigInt(baseOffset ?? -1));
    }
    for (const { record, index, partition } of request) {
      const where = `${record.topic}[${partition}]`;
      const offset = next.get(where);
      if (offset === undefined || offset < 0n) {
        throw appendFailed(new Error(`no offset came back for ${where}`), where, []);
      }
      next.set(where, offset + 1n);
      positions[index] = { topic: record.topic, partition, offset };
    }
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect().catch((error: unknown) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    const producer = kafkajsClient(this.#config).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // Every message comes with its partition.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      retry: { initialRetryTime: 100, retries: 8, maxRetryTime: 5_000 },
    });
    await producer.connect().catch((cause: unknown) => {
      throw connectionError(cause, this.#config.brokers);
    });
    return producer;
  }
}

/** Cuts records into requests so that no partition gets more than the request limit at once; order is kept. */
function* inRequests(records: readonly Routed[]): Generator<readonly Routed[]> {
  let request: Routed[] = [];
  let sizes = new Map<string, number>();
  for (const routed of records) {
    const where = `${routed.record.topic}[${routed.partition}]`;
    const bytes = sizeOf(routed.record);
    const size = sizes.get(where) ?? 0;
    if (size > 0 && size + bytes > requestBytesMax) {
      yield request;
      request = [];
      sizes = new Map();
    }
    request.push(routed);
    sizes.set(where, (sizes.get(where) ?? 0) + bytes);
  }
  if (request.length > 0) yield request;
}

function sizeOf({ key, value, headers }: AppendRecord): number {
  let size = 32 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers ?? []) {
    size += 10 + header.key.length * 3 + (header.value?.length ?? 0);
  }
  return size;
}

type Message = Parameters<Producer['sendBatch']>[0] extends { topicMessages?: (infer T)[] }
  ? T extends { messages: (infer M)[] }
    ? M
    : never
  : never;

function byTopic(request: readonly Routed[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { record, partition } of request) {
    let messages = topics.get(record.topic);
    if (messages === undefined) {
      messages = [];
      topics.set(record.topic, messages);
    }
    messages.push({
      partition,
      key: record.key,
      value: record.value,
      timestamp: String(record.timestampMs ?? Date.now()),
      ...(record.headers === undefined ? {} : { headers: headersOf(record) }),
    });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

/**
 * kafkajs takes an object: a name that repeats becomes an array of values. It has no form for a null value, for a repeated name with others between, and for
 * names that JavaScript puts first (whole numbers).
 * @throws APPEND_FAILED on those: writing something else in their place would be silent
 */
function headersOf({ topic, headers = [] }: AppendRecord): NonNullable<Message['headers']> {
  const byName = new Map<string, Buffer[]>();
  for (const { key, value } of headers) {
    if (value === null) {
      throw new RepriseError(
        'APPEND_FAILED',
        `The header ${key} of a record for ${topic} has a null value, which kafkajs cannot write. Use an empty buffer, or leave the header out. Nothing of this request was sent.`,
        { facts: { topic, header: key } },
      );
    }
    const values = byName.get(key) ?? [];
    values.push(value);
    byName.set(key, values);
  }
  const given = Object.fromEntries(
    [...byName].map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
  );
  const written = Object.keys(given).flatMap((key) => (byName.get(key) ?? []).map(() => key));
  if (headers.some(({ key }, at) => written[at] !== key)) {
    const names = headers.map(({ key }) => key).join(', ');
    throw new RepriseError(
      'APPEND_FAILED',
      `The headers of a record for ${topic} (${names}) cannot be written by kafkajs in their order. Put headers of one name side by side, and names that are whole numbers first. Nothing of this request was sent.`,
      { facts: { topic } },
    );
  }
  return given;
}

function appendFailed(cause: unknown, where: string, brokers: readonly string[]): RepriseError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const broker = brokers.join(', ');
  return new RepriseError(
    'APPEND_FAILED',
    `Kafka did not acknowledge records for ${where} (${reason}). Some of them may have been written: read the end of the topic before sending them again.`,
    { cause, facts: { where, broker } },
  );
}

function closed(): RepriseError {
  return new RepriseError('CLOSED', 'The log is closed: open a new one to append.');
}
