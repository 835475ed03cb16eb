import { hasPublished, publishedAt } from '../../log/published-headers.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { pickRecords } from '../../log/slice-batch.ts';

/** The number of the last record, by publisher. */
type Sequences = ReadonlyMap<string, number>;

/**
 * Removes records that a relay appended again (law 9): those whose number is not above the last one
 * of their publisher in this partition. The returned batch covers the same offsets.
 * @param known the last numbers before the batch @returns also `sequences`, the last numbers after
 * the batch; records that no relay published do not change them
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
