import { crc32c } from '@node-rs/crc32';
import { describe, expect, it } from 'vitest';
import { decodePayment } from '../../../bench/contestants/payment-codec.ts';
import { BatchWriter } from '../../../bench/workload/batch-writer.ts';
import {
  METHODS,
  PaymentStream,
  paymentId,
  userName,
} from '../../../bench/workload/payment-stream.ts';
import { decodeSlice } from '../../../src/log/kafka/wire/decode-slice.ts';
import type { RecordBatch } from '../../../src/log/record-batch.ts';

const schemaId = 7;

function write(events: number): Buffer {
  const writer = new BatchWriter({ schemaId, bytesMax: 1 << 20 });
  const stream = new PaymentStream({ seed: 3 });
  while (stream.count < events) {
    stream.next();
    writer.append(stream);
  }
  return writer.finish();
}

function read(bytes: Buffer): RecordBatch {
  const slice = {
    topic: 'payments',
    partition: 0,
    fetchOffset: 0,
    untilOffset: Number.MAX_SAFE_INTEGER,
    stableEndOffset: Number.MAX_SAFE_INTEGER,
    aborted: [],
    bytes,
    start: 0,
    end: bytes.length,
  };
  const [batch] = [
    ...decodeSlice(slice, () => {
      throw new Error('nothing is compressed');
    }),
  ];
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

describe('the bench fills its topic with', () => {
  it('record batches that our reader and avsc read back as the payments of the stream', () => {
    const batch = read(write(1_000));
    expect(batch.count).toBe(1_000);
    const stream = new PaymentStream({ seed: 3 });
    for (let i = 0; i < batch.count; i += 1) {
      stream.next();
      const key = batch.bytes.subarray(batch.keyStart[i], batch.keyEnd[i]).toString();
      const value = batch.bytes.subarray(batch.valueStart[i], batch.valueEnd[i]);
      expect(key).toBe(userName(stream.userIndex));
      expect(batch.timestampsMs[i]).toBe(stream.appendedAtMs);
      expect([value[0], value.readInt32BE(1)]).toEqual([0, schemaId]);
      expect({ ...decodePayment(value) }).toEqual({
        paymentId: paymentId(stream),
        userId: userName(stream.userIndex),
        amount: stream.amount,
        method: METHODS[stream.methodIndex],
        occurredAt: stream.occurredAtMs,
      });
    }
  });

  it('a checksum that fails when a byte changes', () => {
    const bytes = write(10);
    expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes.subarray(21)));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    expect(() => read(bytes)).toThrow();
  });

  it('values of about the size that performance.md measures', () => {
    const batch = read(write(1_000));
    const bytes = (batch.valueEnd[0] ?? 0) - (batch.valueStart[0] ?? 0);
    expect(bytes).toBeGreaterThanOrEqual(44);
    expect(bytes).toBeLessThanOrEqual(60);
  });
});
