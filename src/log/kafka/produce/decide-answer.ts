import { brokerError } from '../connection/broker-error.ts';
import type { ProducedPartition } from './produce-request.ts';

/**
 * The decision on an answer to a batch. `retry`: send the same bytes again; the setback tells
 * whether they may already be in the log. `restamp`: send the same records under a new epoch,
 * because the broker lost the producer's state. `split`: the batch is too large. `drop-some`: send
 * again without the records that the answer names. `written`: the records are in the log, at
 * offsets that the broker does not know any more. `fenced`: another producer uses the same id.
 * `failed`: no retry can help. In the last four and in `restamp`, this attempt has written nothing
 * new.
 */
export type AnswerDecision =
  | { readonly kind: 'acknowledged'; readonly baseOffset: bigint }
  | {
      readonly kind: 'retry';
      readonly setback: { readonly maybeWritten?: true; readonly unknownTopic?: true };
    }
  | { readonly kind: 'restamp' | 'split' | 'drop-some' | 'written' | 'fenced' | 'failed' };

/**
 * Transient errors: leaders move, replicas come back. With all of them the leader has refused the
 * batch.
 */
const passing: ReadonlySet<number> = new Set([
  brokerError.corruptMessage, // in transit: the checksum covers the sent bytes
  brokerError.leaderNotAvailable,
  brokerError.notLeader,
  brokerError.notEnoughReplicas,
  brokerError.fencedLeaderEpoch,
  brokerError.unknownLeaderEpoch,
  brokerError.throttlingQuotaExceeded,
]);

/** Errors after which the outcome is unknown: the leader may have written the batch before. */
const ambiguous: ReadonlySet<number> = new Set([
  -1, // the broker's "unexpected error"
  brokerError.requestTimedOut,
  brokerError.networkException,
  brokerError.notEnoughReplicasAfterAppend,
  brokerError.storageError,
]);

const topicUnknown: ReadonlySet<number> = new Set([
  brokerError.unknownTopicOrPartition,
  brokerError.unknownTopicId,
]);

const stateLost: ReadonlySet<number> = new Set([
  brokerError.outOfOrderSequence,
  brokerError.unknownProducerId,
]);

const tooLarge: ReadonlySet<number> = new Set([
  brokerError.messageTooLarge,
  brokerError.recordListTooLarge,
]);

/**
 * Decides on one partition's answer to a batch of `records` records. One batch per partition is in
 * flight, so a gap in the sequence can only mean that the broker lost state, and a repeated batch
 * is always among those whose offset it knows.
 */
export function decideAnswer(answer: ProducedPartition, records: number): AnswerDecision {
  const { errorCode, baseOffset, refused } = answer;
  if (errorCode === brokerError.none) {
    return baseOffset >= 0n ? { kind: 'acknowledged', baseOffset } : { kind: 'written' };
  }
  if (errorCode === brokerError.duplicateSequence) return { kind: 'written' };
  if (errorCode === brokerError.invalidProducerEpoch) return { kind: 'fenced' };
  if (topicUnknown.has(errorCode)) return { kind: 'retry', setback: { unknownTopic: true } };
  if (passing.has(errorCode)) return { kind: 'retry', setback: {} };
  if (ambiguous.has(errorCode)) return { kind: 'retry', setback: { maybeWritten: true } };
  if (stateLost.has(errorCode)) return { kind: 'restamp' };
  if (tooLarge.has(errorCode) && records > 1) return { kind: 'split' };
  const named = refused.length > 0 && refused.length < records;
  return { kind: named ? 'drop-some' : 'failed' };
}
