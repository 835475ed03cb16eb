import { ownRecordAt } from '../../log/record-at.ts';
import type { LateEvent } from '../task/task-fold.ts';
import type { SourcePart } from './topic-batches.ts';

/** Creates a late event, as it is stored. */
export function lateEventAt(
  part: SourcePart,
  j: number,
  late: {
    readonly watermarkMs: number;
    readonly window: { readonly startMs: number; readonly endMs: number } | null;
    readonly key: readonly string[] | null;
  },
): LateEvent {
  const { topic, partition, offset, value } = ownRecordAt(part.batch, j);
  return {
    topic,
    partition,
    offset,
    eventTimeMs: part.timesMs[j] as number,
    watermarkMs: late.watermarkMs,
    windowStartMs: late.window?.startMs ?? null,
    windowEndMs: late.window?.endMs ?? null,
    key: late.key,
    payload: value,
  };
}
