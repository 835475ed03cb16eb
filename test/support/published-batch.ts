import { encodeHeaders } from '../../src/log/encode-headers.ts';
import { publishedHeaders } from '../../src/log/published-headers.ts';
import type { RecordHeader } from '../../src/log/record-batch.ts';
import { RecordBatch } from '../../src/log/record-batch.ts';

/** A record with headers. */
export interface HeadedRecord {
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly headers: readonly RecordHeader[];
}

/** Records as one batch of the only partition of `topic`, the first at `firstOffset`. */
export function batchWithHeaders(
  topic: string,
  firstOffset: number,
  records: readonly HeadedRecord[],
): RecordBatch {
  const count = records.length;
  const valueStart = new Int32Array(count);
  const valueEnd = new Int32Array(count);
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, { value, headers }] of records.entries()) {
    const encoded = encodeHeaders(headers);
    valueStart[i] = at;
    valueEnd[i] = at + value.length;
    at += value.length + encoded.length;
    parts.push(value, encoded);
  }
  const nextOffset = firstOffset + count;
  return new RecordBatch(
    {
      topic,
      partition: 0,
      firstOffset,
      nextOffset,
      leaderEpoch: 0,
      stableEndOffset: nextOffset,
      appendTime: false,
    },
    Buffer.concat(parts),
    {
      count,
      offsets: Float64Array.from(records, (_, i) => firstOffset + i),
      timestampsMs: Float64Array.from(records, ({ timestampMs }) => timestampMs),
      keyStart: new Int32Array(count).fill(-1),
      keyEnd: new Int32Array(count).fill(-1),
      valueStart,
      valueEnd,
    },
  );
}

/** The headers of a relay, for one event of a task. */
export function headersOf(
  publisher: string,
  sequence: number,
  watermarkMs: number | null,
): readonly RecordHeader[] {
  return publishedHeaders({ publisher, sequence, watermarkMs, id: `${sequence}`, task: 'a/1/0' });
}
