import type { RecordBatch } from '../../log/record-batch.ts';
import { recordHash } from '../../log/record-hash.ts';
import type { TopicCheckpoint } from '../store/task-key.ts';

/** Computes the checkpoint of a task in a topic after folding a batch. */
export function checkpointAfter(
  before: TopicCheckpoint,
  batch: RecordBatch,
  found: {
    readonly maxEventTimeMs: number | null;
    readonly sequences: TopicCheckpoint['sequences'] | undefined;
  },
): TopicCheckpoint {
  const moved = { ...before, nextOffset: BigInt(batch.nextOffset) };
  if (batch.count === 0) return moved;
  const last = batch.count - 1;
  const { maxEventTimeMs, sequences } = found;
  return {
    ...moved,
    lastOffset: BigInt(batch.offsets[last] as number),
    lastLeaderEpoch: batch.leaderEpoch < 0 ? null : batch.leaderEpoch,
    lastRecordHash: recordHash(batch, last),
    maxEventTimeMs,
    ...(sequences && { sequences }),
  };
}
