import type { PartitionSlice } from '../../src/log/kafka/wire/batch-headers.ts';
import { batchHeaders } from '../../src/log/kafka/wire/batch-headers.ts';
import { decodeSlice } from '../../src/log/kafka/wire/decode-slice.ts';
import type { RecordBatch } from '../../src/log/record-batch.ts';
import { BatchWriter } from './batch-writer.ts';
import { PaymentStream } from './payment-stream.ts';

/** In the header of every value. */
export const SCHEMA_ID = 1;
const BATCH_BYTES = 16_384;
/** A fetch of a reader that is far behind. */
const SLICE_BYTES = 4 * 1024 * 1024;

/**
 * The workload's first `events` payments as a reader of one partition gets them, without a broker:
 * record batches over a few MiB of Kafka's bytes each.
 */
export function paymentBatches(topic: string, events: number): readonly RecordBatch[] {
  const writer = new BatchWriter({ schemaId: SCHEMA_ID, bytesMax: BATCH_BYTES });
  const stream = new PaymentStream();
  const batches: RecordBatch[] = [];
  let parts: Buffer[] = [];
  let fetchOffset = 0;
  let nextOffset = 0;
  const fetched = () => {
    const bytes = Buffer.concat(parts);
    const reach = { start: 0, end: bytes.length, untilOffset: Number.MAX_SAFE_INTEGER };
    const slice: PartitionSlice = {
      ...{ topic, partition: 0, bytes, aborted: [], fetchOffset, stableEndOffset: events },
      ...reach,
    };
    batches.push(...decodeSlice(slice, uncompressed, batchHeaders(slice)));
    parts = [];
    fetchOffset = nextOffset;
  };
  while (stream.count < events) {
    stream.next();
    if (!writer.append(stream) && stream.count < events) continue;
    const batch = writer.finish();
    batch.writeBigInt64BE(BigInt(nextOffset), 0);
    nextOffset = stream.count;
    parts.push(batch);
    if (parts.length * BATCH_BYTES >= SLICE_BYTES || stream.count === events) fetched();
  }
  return batches;
}

function uncompressed(): never {
  throw new TypeError('the workload is not compressed');
}
