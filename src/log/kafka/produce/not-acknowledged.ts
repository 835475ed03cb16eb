import { RepriseError } from '../../../reprise-error.ts';
import { brokerError, definite } from '../connection/broker-error.ts';
import type { TopicPartition } from '../wire/kafka-request.ts';
import type { ProducedPartition } from './produce-request.ts';

/**
 * Whether records are in the log. `no`: certainly not. `maybe`: unknown. `yes`: they are, at
 * unknown offsets.
 */
export type Written = 'no' | 'maybe' | 'yes';

const advice: Readonly<Record<Written, string>> = {
  no: 'They were not written: mend the cause, then append them again.',
  maybe:
    'They may have been written: read the end of the topic before you append them again, or let their consumers drop repetitions.',
  yes: 'They were written, but their offsets are not known: do not append them again.',
};

/**
 * Creates the error of records that were not acknowledged in time. Retriable if they are certainly
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

/** Errors that concern one record and would occur anywhere in the topic. */
const ofTheRecord: ReadonlySet<number> = new Set([
  brokerError.messageTooLarge,
  brokerError.recordListTooLarge,
  brokerError.invalidTimestamp,
  brokerError.invalidRecord,
]);

/**
 * Creates the error of an answer that retries cannot cure, to a batch of that many records:
 * LOG_UNAUTHORIZED, UNKNOWN_TOPIC or APPEND_FAILED with Kafka's message.
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

/**
 * Creates the error of one record that Kafka refused, with Kafka's message; the rest of its batch
 * is not affected.
 */
export function refusedRecord(answer: ProducedPartition, reason: string | null): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `Kafka refused a record for ${answer.topic}[${answer.partition}] (error ${answer.errorCode}: ${reason ?? answer.reason ?? 'no reason given'}). It was not written: correct it, then append it again.`,
    {
      facts: { topic: answer.topic, partition: answer.partition, written: 'no', ofTheRecord: true },
    },
  );
}

/**
 * Creates the error of a record that is not appended because an earlier one with the same key was
 * refused.
 */
export function overtaking({ topic, partition }: TopicPartition): RepriseError {
  return new RepriseError(
    'APPEND_FAILED',
    `A record for ${topic}[${partition}] was not appended, because one before it under the same key was refused. Append both again, in order.`,
    { facts: { topic, partition, written: 'no', behind: true } },
  );
}
