import { hasPublished, publishedAt } from '../../log/published-headers.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { pickRecords } from '../../log/slice-batch.ts';

/** By publisher, the number of its last record. */
type Sequences = ReadonlyMap<string, number>;

/**
 * A batch without the records that a relay appended again (law 9): those whose number is not above
 * the last of their publisher in this partition. Reaches as far as the whole one.
 * @param known where the task stands @returns besides, where it stands after the batch; what no
 * relay published leaves that as it is
 */
export function withoutRepeats(
  batch: RecordBatch,
  known: Sequences | undefined,
): { readonly batch: RecordBatch; readonly sequences: Sequences | undefined } {
  if (!hasPublished(batch)) return { batch, sequences: known };
  const sequences = new Map(known);
  const kept: number[] = [];
  for (let i = 0; i < batch.count; i += 1) {
    const published = publishedAt(batch, i);
    if (published !== null) {
      const { publisher, sequence } = published;
      if (sequence <= (sequences.get(publisher) ?? -1)) continue;
      sequences.set(publisher, sequence);
    }
    kept.push(i);
  }
  return { batch: kept.length === batch.count ? batch : pickRecords(batch, kept), sequences };
}
