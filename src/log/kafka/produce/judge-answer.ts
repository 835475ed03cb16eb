import { brokerError } from '../connection/broker-error.ts';
import type { ProducedPartition } from './produce-request.ts';

/**
 * What an answer to a batch means. `retry`: the same bytes again; the setback says whether they may
 * be in the log already. `restamp`: the same records under a new epoch, because the broker has lost
 * what it knew of the producer. `split`: too large as one. `drop-some`: without the records that
 * the answer names. `written`: in the log, at offsets that the broker does not remember. `fenced`:
 * another producer goes by our id. `failed`: no retry can help. In the last four and in `restamp`,
 * this attempt has written nothing new.
 */
export type Verdict =
  | { readonly kind: 'acknowledged'; readonly baseOffset: bigint }
  | {
      readonly kind: 'retry';
      readonly setback: { readonly maybeWritten?: true; readonly unknownTopic?: true };
    }
  | { readonly kind: 'restamp' | 'split' | 'drop-some' | 'written' | 'fenced' | 'failed' };

/**
 * Errors that pass: leaders move, replicas come back. In all of them the leader has refused the
 * batch.
 */
const passing: ReadonlySet<number> = new Set([
  brokerError.corruptMessage, // in transit: the checksum is over what we sent
  brokerError.leaderNotAvailable,
  brokerError.notLeader,
  brokerError.notEnoughReplicas,
  brokerError.fencedLeaderEpoch,
  brokerError.unknownLeaderEpoch,
  brokerError.throttlingQuotaExceeded,
]);

/** Errors after which nobody knows: the leader may have written the batch before. */
const ambiguous: ReadonlySet<number> = new Set([
  -1, // the broker's own "unexpected error"
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
 * Judges one partition's answer to a batch of `records` records. With one batch per partition under
 * way, a gap in the sequence can only mean that the broker lost state, and a repeated batch is
 * always among those whose offset it remembers.
 */
export function judgeAnswer(answer: ProducedPartition, records: number): Verdict {
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
