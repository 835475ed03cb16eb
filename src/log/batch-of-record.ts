import { encodeHeaders } from './encode-headers.ts';
import type { LogRecord } from './record-batch.ts';
import { RecordBatch } from './record-batch.ts';

/**
 * Creates a batch of one record that no longer belongs to a read: `[offset, offset + 1)`, with the
 * producer's timestamp.
 */
export function batchOfRecord(record: LogRecord): RecordBatch {
  const { topic, partition, key, value, headers } = record;
  const offset = Number(record.offset);
  const keyBytes = key?.length ?? 0;
  const valueStart = keyBytes;
  const valueEnd = valueStart + (value?.length ?? 0);
  return new RecordBatch(
    {
      topic,
      partition,
      firstOffset: offset,
      nextOffset: offset + 1,
      leaderEpoch: -1,
      stableEndOffset: offset + 1,
      appendTime: false,
    },
    Buffer.concat([key ?? NOTHING, value ?? NOTHING, encodeHeaders(headers)]),
    {
      count: 1,
      offsets: Float64Array.of(offset),
      timestampsMs: Float64Array.of(record.timestampMs),
      keyStart: Int32Array.of(key === null ? -1 : 0),
      keyEnd: Int32Array.of(keyBytes),
      valueStart: Int32Array.of(value === null ? -1 : valueStart),
      valueEnd: Int32Array.of(valueEnd),
    },
  );
}

const NOTHING = Buffer.alloc(0);
