import type { PartitionDescription } from '../event-log.ts';
import { PartitionDigest } from './partition-digest.ts';

/** A partition on its way from one log to another. */
export interface CopiedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly startOffset: bigint;
  /** Of what was compared in both logs, from `startOffset` up to `comparedOffset`. */
  readonly digest: PartitionDigest;
  comparedOffset: bigint;
  /** Where the target ends. */
  targetOffset: bigint;
  /** Where the source ended when it was last asked. */
  sourceOffset: bigint;
}

/** A partition of which nothing has been looked at yet. */
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
