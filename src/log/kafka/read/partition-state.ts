import { RepriseError } from '../../../reprise-error.ts';
import type { ReadPosition } from '../../event-log.ts';

/** Read state of one partition. */
export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** End of the read, exclusive; Infinity: unbounded. */
  readonly untilOffset: number;
  /** Next offset to fetch. */
  position: number;
  /** Node that leads the partition; -1: unknown. */
  leader: number;
  leaderEpoch: number;
  /** The last offset read, and the epoch of the leader that wrote it; -1: unknown. */
  lastOffset: number;
  lastLeaderEpoch: number;
}

/** Creates the state of a position. @throws RangeError if an offset is negative or beyond 2^53 */
export function partitionState(from: ReadPosition): PartitionState {
  const { topic, partition, offset, untilOffset, after } = from;
  return {
    topic,
    partition,
    untilOffset: untilOffset === undefined ? Number.POSITIVE_INFINITY : safe(untilOffset),
    position: safe(offset),
    leader: -1,
    leaderEpoch: -1,
    lastOffset: after === undefined ? -1 : safe(after.offset),
    lastLeaderEpoch: after?.leaderEpoch ?? -1,
  };
}

/** True if the partition is read to its end. */
export function isDone({ position, untilOffset }: PartitionState): boolean {
  return position >= untilOffset;
}

/** Creates the error OFFSET_OUT_OF_RANGE with the log's offsets; offsets are never reset. */
export function outOfRange(
  { topic, partition, position }: PartitionState,
  has: { readonly startOffset: bigint; readonly stableEndOffset: bigint },
): RepriseError {
  const { startOffset, stableEndOffset } = has;
  const lost = BigInt(position) < startOffset;
  return new RepriseError(
    'OFFSET_OUT_OF_RANGE',
    `${topic}[${partition}]@${position} is not in the log, which has [${startOffset}, ${stableEndOffset}). ${
      lost
        ? 'The records were deleted (retention or DeleteRecords): rebuild from what is left, or restore them.'
        : 'The log is shorter than what was read (truncated or made anew): check the topic before reading on.'
    }`,
    { facts: { topic, partition, offset: BigInt(position), startOffset, stableEndOffset } },
  );
}

/**
 * Creates the error OFFSET_OUT_OF_RANGE for an offset that exists, but holds another record than
 * the one read.
 */
export function cutOff(
  { topic, partition, position, lastLeaderEpoch }: PartitionState,
  endOffset: bigint,
): RepriseError {
  return new RepriseError(
    'OFFSET_OUT_OF_RANGE',
    `${topic}[${partition}]@${position} is not in the log any more as it was read: what the leader of epoch ${lastLeaderEpoch} wrote ends at ${endOffset} now. ` +
      'The tail was lost and other records took its place (an unclean leader election, or a restored disk): check the topic before reading on.',
    { facts: { topic, partition, offset: BigInt(position), endOffset } },
  );
}

function safe(offset: bigint): number {
  const number = Number(offset);
  if (offset < 0n || !Number.isSafeInteger(number)) {
    throw new RangeError(`the offset ${offset} is not in [0, 2^53)`);
  }
  return number;
}
