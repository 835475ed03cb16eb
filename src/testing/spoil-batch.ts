import type { RecordBatch } from '../log/record-batch.ts';

/**
 * Overwrites a folded batch, as a log does that reuses its memory: a fold that kept a part of it
 * without a copy then produces wrong rows.
 */
export function spoilBatch(batch: RecordBatch): void {
  const { bytes, count } = batch;
  for (let i = 0; i < count; i += 1) {
    const [keyStart, valueStart] = [batch.keyStart[i] as number, batch.valueStart[i] as number];
    if (keyStart >= 0) bytes.fill(0xa5, keyStart, batch.keyEnd[i]);
    if (valueStart >= 0) bytes.fill(0xa5, valueStart, batch.valueEnd[i]);
  }
  for (const column of [batch.offsets, batch.timestampsMs]) column.fill(-1, 0, count);
  for (const places of [batch.keyStart, batch.keyEnd, batch.valueStart, batch.valueEnd]) {
    places.fill(-1, 0, count);
  }
}
