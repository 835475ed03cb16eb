import type { AppendRecord, EventLog, Position } from '../event-log.ts';
import { recordAt } from '../record-at.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { CopiedPartition } from './copied-partition.ts';
import { copyRefused, DELETE_TARGET } from './copy-refused.ts';

/** Where records come from and go to, and who hears of it. */
export interface CopyEnds {
  readonly source: EventLog;
  readonly target: EventLog;
  readonly signal: AbortSignal;
  readonly onRecords: (records: number) => void;
}

/**
 * Appends to the target what it lacks of the source, partition by partition in offset order, until
 * each has the source's end. The target gives offsets in the order of appends, so a record keeps
 * its offset as long as nobody else writes: every answer is compared with what was wanted. @throws
 * COPY_REFUSED, APPEND_FAILED and what reading throws: what was appended stays, a later copy goes
 * on
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
 * The records of a batch, as they are to be appended. @throws COPY_REFUSED for one that the target
 * would not keep as it is
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
        `the source has no record there, but goes on at ${record.offset}; the target leaves out no offset. Restore the source.`,
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

/** Each record must have come to stand where it stood. */
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
