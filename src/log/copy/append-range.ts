import type { AppendRecord, EventLog, Position } from '../event-log.ts';
import { recordAt } from '../record-at.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { CopiedPartition } from './copied-partition.ts';
import { copyRefused, DELETE_TARGET } from './copy-refused.ts';

/** Source and target of a copy, and its progress callback. */
export interface CopyEnds {
  readonly source: EventLog;
  readonly target: EventLog;
  readonly signal: AbortSignal;
  readonly onRecords: (records: number) => void;
}

/**
 * Appends to the target the records that it lacks, partition by partition in offset order, up to
 * each end of the source. The target assigns offsets in the order of appends, so a record keeps its
 * offset as long as nobody else writes: every acknowledged offset is checked. @throws COPY_REFUSED,
 * APPEND_FAILED and errors of reading: appended records stay, and a later copy resumes after them
 */
export async function appendRange(
  ends: CopyEnds,
  partitions: readonly CopiedPartition[],
): Promise<void> {
  const byPlace = new Map(partitions.map((each) => [`${each.topic} ${each.partition}`, each]));
  const positions = partitions
    .filter(({ targetOffset, sourceOffset }) => targetOffset < sourceOffset)
    .map(({ topic, partition, targetOffset, sourceOffset }) => ({
      topic,
      partition,
      offset: targetOffset,
      untilOffset: sourceOffset,
    }));
  if (positions.length === 0) return;
  for await (const batch of ends.source.read(positions, { signal: ends.signal })) {
    const partition = byPlace.get(`${batch.topic} ${batch.partition}`);
    if (partition === undefined) continue;
    const records = recordsOf(batch, partition);
    if (records.length > 0) assertPlaced(await ends.target.append(records), partition);
    partition.targetOffset += BigInt(records.length);
    ends.onRecords(records.length);
    ends.signal.throwIfAborted();
  }
  ends.signal.throwIfAborted();
}

/**
 * Converts a batch to records to append. @throws COPY_REFUSED for a record that the target would
 * not store unchanged
 */
function recordsOf(batch: RecordBatch, { targetOffset }: CopiedPartition): AppendRecord[] {
  const { topic, partition, count } = batch;
  return Array.from({ length: count }, (_, index) => {
    const record = recordAt(batch, index);
    const { key, value, headers, timestampMs } = record;
    const offset = targetOffset + BigInt(index);
    if (record.offset !== offset) {
      throw copyRefused(
        { topic, partition, offset },
        `the source has no record there, but continues at ${record.offset}; the target leaves out no offset. Restore the source.`,
      );
    }
    if (!Number.isSafeInteger(timestampMs)) {
      throw copyRefused(
        record,
        `its timestamp, ${timestampMs} ms, is no whole number of milliseconds, and Kafka keeps no others.`,
      );
    }
    return { topic, partition, key, value, timestampMs, ...(headers.length > 0 && { headers }) };
  });
}

/** Checks that each record has its original offset. */
function assertPlaced(positions: readonly Position[], partition: CopiedPartition): void {
  for (const [nth, { offset }] of positions.entries()) {
    const wanted = partition.targetOffset + BigInt(nth);
    if (offset === wanted) continue;
    throw copyRefused(
      { ...partition, offset: wanted },
      `it came to stand at ${offset}, because somebody else writes to the target. Stop that. ${DELETE_TARGET}`,
    );
  }
}
