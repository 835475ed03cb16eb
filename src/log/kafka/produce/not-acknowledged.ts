import { RepriseError } from '../../../reprise-error.ts';
import { brokerError, definite } from '../connection/broker-error.ts';
import type { TopicPartition } from '../wire/kafka-request.ts';
import type { ProducedPartition } from './produce-request.ts';

/**
 * `no`: certainly not in the log. `maybe`: nobody knows. `yes`: it is, and the broker does not say
 * where.
 */
export type Written = 'no' | 'maybe' | 'yes';

const advice: Readonly<Record<Written, string>> = {
  no: 'They were not written: mend the cause, then append them again.',
  maybe:
    'They may have been written: read the end of the topic before you append them again, or let their consumers drop repetitions.',
  yes: 'They were written, but their offsets are not known: do not append them again.',
};

/**
 * Why some records of a partition were not acknowledged in time. Retriable when they are certainly
 * not in the log.
 */
export function notAcknowledged(
  { topic, partition }: TopicPartition,
  written: Written,
  cause: { readonly reason: string; readonly error?: unknown },
): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `Kafka did not acknowledge records for ${topic}[${partition}] (${cause.reason}). ${advice[written]}`,
    {
      cause: cause.error,
      retriable: written === 'no' && cause.error !== undefined,
      facts: { topic, partition, written },
    },
  );
}

/** What Kafka has against one record, and would have against it anywhere in the topic. */
const ofTheRecord: ReadonlySet<number> = new Set([
  brokerError.messageTooLarge,
  brokerError.recordListTooLarge,
  brokerError.invalidTimestamp,
  brokerError.invalidRecord,
]);

/**
 * An answer that no retry cures to a batch of so many records: LOG_UNAUTHORIZED, UNKNOWN_TOPIC or
 * APPEND_FAILED with Kafka's own words.
 */
export function refusedBatch(
  answer: ProducedPartition,
  written: Written,
  records: number,
): RepriseError {
  const { errorCode, reason } = answer;
  if (records === 1 && ofTheRecord.has(errorCode)) {
    const isLarge = errorCode !== brokerError.invalidTimestamp && reason === null;
    return refusedRecord(
      answer,
      isLarge ? 'it is larger than max.message.bytes of the topic allows' : reason,
    );
  }
  const known = written === 'no' ? definite(errorCode, answer) : undefined;
  if (known !== undefined) return known;
  const said = reason === null ? '' : `: ${reason}`;
  return notAcknowledged(answer, written, {
    reason: `it answered with error ${errorCode}${said}`,
  });
}

/** One record that Kafka refused for itself, by its own words; the rest of its batch goes on. */
export function refusedRecord(answer: ProducedPartition, reason: string | null): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `Kafka refused a record for ${answer.topic}[${answer.partition}] (error ${answer.errorCode}: ${reason ?? answer.reason ?? 'no reason given'}). It was not written: correct it, then append it again.`,
    {
      facts: { topic: answer.topic, partition: answer.partition, written: 'no', ofTheRecord: true },
    },
  );
}

/** A record that waits because one before it, under the same key, was refused. */
export function overtaking({ topic, partition }: TopicPartition): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `A record for ${topic}[${partition}] was not appended, because one before it under the same key was refused. Append both again, in order.`,
    { facts: { topic, partition, written: 'no', behind: true } },
  );
}
