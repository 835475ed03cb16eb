import { batchOfRecords } from '../../src/log/batch-of-records.ts';
import { publishedHeaders } from '../../src/log/published-headers.ts';
import type { RecordBatch, RecordHeader } from '../../src/log/record-batch.ts';

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
  return batchOfRecords(
    records.map((record, i) => ({
      ...record,
      topic,
      partition: 0,
      offset: firstOffset + i,
      key: null,
    })),
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
