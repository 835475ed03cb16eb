import { isRepriseError, RepriseError } from '../../../reprise-error.ts';
import type { AppendRecord } from '../../event-log.ts';
import { unknownTopic } from '../connection/broker-error.ts';
import type { TopicPartition } from '../wire/kafka-request.ts';
import type { AppendCall } from './append-call.ts';
import type { BatchCodec } from './batch-codec.ts';
import { decideAnswer } from './decide-answer.ts';
import { type EncodedBatch, encodeBatch, stampBatch } from './encode-batch.ts';
import {
  notAcknowledged,
  overtaking,
  refusedBatch,
  refusedRecord,
  type Written,
} from './not-acknowledged.ts';
import type { ProducedPartition } from './produce-request.ts';
import type { ProduceRequests } from './produce-requests.ts';
import type { ProducerIds } from './producer-ids.ts';
import { ProducerSequence } from './producer-sequence.ts';
import { RecordQueue } from './record-queue.ts';
import type { TopicLeaders } from './topic-leaders.ts';

/** What the partitions of one appender share. */
export interface ProducerParts {
  readonly ids: Pick<ProducerIds, 'current' | 'replace'>;
  readonly leaders: Pick<TopicLeaders, 'leaderOf' | 'isMissing' | 'refresh' | 'forget'>;
  readonly requests: Pick<ProduceRequests, 'send'>;
  readonly codec: () => Promise<BatchCodec>;
  /** How long a partition may accept nothing before its records fail. */
  readonly deliveryTimeoutMs: number;
  /** Waits before attempt `attempt` (from 0); resolves at once if `signal` is aborted. */
  readonly rest: (attempt: number) => Promise<void>;
  /** Aborted when the log closes and stops waiting. */
  readonly signal: AbortSignal;
  readonly note: (message: string, reason: string) => void;
}

/** Bytes of a batch before compression: below Kafka's default `message.max.bytes` of 1 MiB. */
const batchBytesMax = 1_000_000;
/**
 * Number of consecutive answers "unknown topic" before the topic counts as unknown: it takes a
 * moment until every broker knows a new topic, and until a starting broker knows its topics.
 */
const unknownTopicAttempts = 8;

/** The batch from the head of the queue, until it is settled or replaced. */
interface Delivery {
  readonly batch: EncodedBatch;
  attempts: number;
  unknownInARow: number;
  isStamped: boolean;
  /** True if an attempt with the current stamp ended without a definite answer. */
  maybeWritten: boolean;
}

/** Result of an attempt. `done`: the batch is settled or must be replaced. */
type Attempt = 'done' | Setback;

interface Setback {
  readonly error: unknown;
  readonly maybeWritten?: true;
  readonly unknownTopic?: true;
}

/**
 * Delivers the records of one partition to its leader, in order and each once: idle → delivering →
 * idle.
 *
 * One batch is in flight at a time; meanwhile the next records are queued. So order needs no
 * further care, and this producer never leaves a gap in the sequence numbers. To deliver: 1 take a
 * batch from the head of the queue; 2 stamp it with the next sequence number, once: an attempt
 * whose answer is lost is repeated byte for byte, and the broker recognises it; 3 send it to the
 * leader, which is looked up again after every setback; 4 decide on the answer: acknowledged,
 * retry, new epoch, smaller batch, without some records, or failed. If a batch fails although it
 * may have been written, the next one starts a new epoch, so that its sequence numbers cannot be
 * taken for a repetition.
 */
export class PartitionProducer {
  readonly #where: TopicPartition;
  readonly #parts: ProducerParts;
  readonly #queue = new RecordQueue();
  readonly #sequence: ProducerSequence;
  #bytesMax = batchBytesMax;
  #progressAtMs = 0;
  #delivering: Promise<void> | undefined;

  constructor(where: TopicPartition, parts: ProducerParts) {
    this.#where = where;
    this.#parts = parts;
    this.#sequence = new ProducerSequence(parts.ids);
  }

  /** Queues a record. Its outcome goes to `call`, in which it has this index. */
  push(record: AppendRecord, call: AppendCall, index: number): void {
    this.#queue.push(record, call, index);
    this.#delivering ??= this.#deliverAll();
  }

  /** Resolves when all queued records are settled. */
  async idle(): Promise<void> {
    await this.#delivering;
  }

  async #deliverAll(): Promise<void> {
    try {
      const codec = await this.#parts.codec(); // records pushed in the same tick share the batch
      while (this.#queue.length > 0) {
        await this.#deliver(codec);
        this.#queue.settleOvertaking(() => overtaking(this.#where));
      }
    } catch (error) {
      this.#fail(this.#queue.length, this.#failure('no', error));
    }
    this.#delivering = undefined;
  }

  async #deliver(codec: BatchCodec): Promise<void> {
    const nowMs = Date.now();
    if (nowMs >= this.#deadlineMs()) {
      const overdue = this.#queue.startedBefore(nowMs - this.#parts.deliveryTimeoutMs);
      this.#fail(overdue, this.#failure('no', new Error('nor were those before them')));
      return;
    }
    const { records, from } = this.#queue;
    const batch = encodeBatch(records, { from, bytesMax: this.#bytesMax, nowMs }, codec); // 1
    const fresh = { attempts: 0, unknownInARow: 0, isStamped: false, maybeWritten: false };
    const delivery: Delivery = { batch, ...fresh };
    for (;;) {
      const attempt = await this.#attempt(delivery);
      if (attempt === 'done') return;
      delivery.maybeWritten ||= attempt.maybeWritten === true;
      delivery.unknownInARow = attempt.unknownTopic ? delivery.unknownInARow + 1 : 0;
      if (this.#givesUp(delivery, attempt.error)) return;
      this.#parts.note('appending to Kafka failed, trying again', reasonOf(attempt.error));
      await this.#parts.rest(delivery.attempts);
      delivery.attempts += 1;
    }
  }

  async #attempt(delivery: Delivery): Promise<Attempt> {
    const { leaders, requests } = this.#parts;
    const { topic, partition } = this.#where;
    try {
      if (delivery.attempts > 0) await leaders.refresh(topic);
      const leader = leaders.leaderOf(topic, partition);
      if (leader < 0) {
        const error = new Error('the partition has no leader');
        return leaders.isMissing(topic, partition) ? { error, unknownTopic: true } : { error };
      }
      const { bytes } = delivery.batch;
      if (!delivery.isStamped) stampBatch(bytes, await this.#sequence.next()); // 2
      delivery.isStamped = true;
      const outcome = await requests.send(leader, { topic, partition, bytes }); // 3
      if (outcome.kind === 'answered') return this.#decide(delivery, outcome.answer); // 4
      const { kind, cause } = outcome;
      return kind === 'lost' ? { error: cause, maybeWritten: true } : { error: cause };
    } catch (error) {
      return isRepriseError(error, 'UNKNOWN_TOPIC') ? { error, unknownTopic: true } : { error };
    }
  }

  #decide(delivery: Delivery, answer: ProducedPartition): Attempt {
    const { count, recordBytes } = delivery.batch;
    const decision = decideAnswer(answer, count);
    if (decision.kind === 'acknowledged') {
      this.#acknowledged(count, decision.baseOffset);
      return 'done';
    }
    const error = new Error(`Kafka answered with error ${answer.errorCode}`);
    if (decision.kind === 'retry') return { error, ...decision.setback };
    if (decision.kind === 'restamp') {
      // Acknowledged records may be lost, with the producer's state. This batch is not in the log,
      // or the broker would have recognised it.
      this.#parts.note('a broker lost the state of this producer', error.message);
      this.#sequence.beginEpoch();
      delivery.isStamped = false;
      delivery.maybeWritten = false;
      return { error };
    }
    if (delivery.maybeWritten) this.#sequence.beginEpoch();
    if (decision.kind === 'split') {
      this.#bytesMax = Math.floor(Math.min(this.#bytesMax, recordBytes) / 2);
    } else if (decision.kind === 'drop-some') {
      this.#queue.pick(
        new Map(answer.refused.map((one) => [one.index, refusedRecord(answer, one.reason)])),
      );
    } else {
      if (decision.kind === 'fenced') this.#sequence.replaceId();
      const unclear: Written = delivery.maybeWritten ? 'maybe' : 'no';
      const written = decision.kind === 'written' ? 'yes' : unclear;
      if (written === 'yes') this.#sequence.replaceId();
      this.#fail(count, refusedBatch(answer, written, count));
    }
    return 'done';
  }

  #acknowledged(count: number, baseOffset: bigint): void {
    const { topic, partition } = this.#where;
    this.#sequence.advance(count);
    this.#progressAtMs = Date.now();
    this.#queue.settle(count, (nth) => ({ topic, partition, offset: baseOffset + BigInt(nth) }));
  }

  /** Fails the batch if no further attempt is made. */
  #givesUp({ batch, maybeWritten, unknownInARow }: Delivery, error: unknown): boolean {
    const isUnknown = unknownInARow >= unknownTopicAttempts;
    const isDefinite = error instanceof RepriseError && !error.retriable && unknownInARow === 0;
    const isOver = this.#parts.signal.aborted || Date.now() >= this.#deadlineMs();
    if (!isUnknown && !isDefinite && !isOver) return false;
    const { topic, partition } = this.#where;
    this.#parts.leaders.forget(topic);
    if (maybeWritten) {
      this.#sequence.beginEpoch();
      this.#fail(batch.count, this.#failure('maybe', error));
    } else if (isUnknown) {
      this.#fail(batch.count, unknownTopic(topic, partition));
    } else {
      this.#fail(batch.count, isDefinite ? error : this.#failure('no', error));
    }
    return true;
  }

  #fail(count: number, error: RepriseError): void {
    this.#queue.settle(count, () => error);
  }

  #failure(written: Written, error: unknown): RepriseError {
    return notAcknowledged(this.#where, written, { reason: reasonOf(error), error });
  }

  #deadlineMs(): number {
    const sinceMs = Math.max(this.#queue.headStartedAtMs(), this.#progressAtMs);
    return sinceMs + this.#parts.deliveryTimeoutMs;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
