import type { PartitionDescription } from '../event-log.ts';
import { PartitionDigest } from './partition-digest.ts';

/** A partition that is copied from one log to another. */
export interface CopiedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly startOffset: bigint;
  /** Digest of the records compared in both logs, from `startOffset` to `comparedOffset`. */
  readonly digest: PartitionDigest;
  comparedOffset: bigint;
  /** End offset of the target. */
  targetOffset: bigint;
  /** End offset of the source at the last look-up. */
  sourceOffset: bigint;
}

/** Creates the initial state of a partition, with nothing compared. */
export function copiedPartition(
  topic: string,
  source: PartitionDescription,
  target: PartitionDescription,
): CopiedPartition {
  return {
    topic,
    partition: source.partition,
    startOffset: source.startOffset,
    digest: new PartitionDigest(),
    comparedOffset: source.startOffset,
    targetOffset: target.stableEndOffset,
    sourceOffset: source.stableEndOffset,
  };
}
