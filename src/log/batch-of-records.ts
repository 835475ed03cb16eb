import { encodeHeaders } from './encode-headers.ts';
import type { LogRecord } from './record-batch.ts';
import { RecordBatch } from './record-batch.ts';

/** A record as a batch is made of it; default: no headers. */
export interface BatchedRecord
  extends Omit<LogRecord, 'offset' | 'headers'>,
    Partial<Pick<LogRecord, 'headers'>> {
  readonly offset: bigint | number;
}

/**
 * A batch of records that are not in the log's hands any more: of one topic and partition, at least
 * one, in offset order. It reaches from the first to the last; timestamps are the producer's.
 */
export function batchOfRecords(records: readonly BatchedRecord[]): RecordBatch {
  const [first] = records;
  if (first === undefined) throw new TypeError('a batch without records');
  const { topic, partition } = first;
  const offsets = Float64Array.from(records, ({ offset }) => Number(offset));
  const nextOffset = (offsets.at(-1) as number) + 1;
  const parts: Buffer[] = [];
  let at = 0;
  /** Where a part lies; an absent one ends where it would begin, because headers begin there. */
  const place = (part: Buffer | null): readonly [start: number, end: number] => {
    if (part === null) return [-1, at];
    parts.push(part);
    at += part.length;
    return [at - part.length, at];
  };
  const integers = () => new Int32Array(records.length);
  const [keyStart, keyEnd, valueStart, valueEnd] = [integers(), integers(), integers(), integers()];
  for (const [i, { key, value, headers }] of records.entries()) {
    [keyStart[i], keyEnd[i]] = place(key);
    [valueStart[i], valueEnd[i]] = place(value);
    place(encodeHeaders(headers));
  }
  return new RecordBatch(
    {
      topic,
      partition,
      firstOffset: Number(first.offset),
      nextOffset,
      leaderEpoch: -1,
      stableEndOffset: nextOffset,
      appendTime: false,
    },
    Buffer.concat(parts),
    {
      count: records.length,
      offsets,
      timestampsMs: Float64Array.from(records, ({ timestampMs }) => timestampMs),
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
    },
  );
}
