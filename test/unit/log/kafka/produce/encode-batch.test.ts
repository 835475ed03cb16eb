import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppendRecord } from '../../../../../src/log/event-log.ts';
import { encodeBatch, stampBatch } from '../../../../../src/log/kafka/produce/encode-batch.ts';
import { encodeBatch as encodeBySpecification } from '../../../../support/kafka-batch-encoder.ts';

const uncompressed = { id: 0, compress: (records: Buffer) => records };
const nowMs = 1_700_000_000_000;

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const header = fc.record({ key: fc.string({ maxLength: 9 }), value: fc.option(bytes(9)) });
const record: fc.Arbitrary<AppendRecord> = fc.record(
  {
    topic: fc.constant('payments'),
    key: fc.option(bytes(200)),
    value: fc.option(bytes(400)),
    timestampMs: fc.oneof(
      fc.integer({ min: nowMs - 1e6, max: nowMs + 1e6 }),
      fc.constantFrom(-1, 0, 253_402_300_799_999),
    ),
    headers: fc.array(header, { maxLength: 3 }),
  },
  { requiredKeys: ['topic', 'key', 'value'] },
);

function encode(records: readonly AppendRecord[], from: number, bytesMax: number) {
  return encodeBatch(records, { from, bytesMax, nowMs }, uncompressed);
}

test('writes what the specification says, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const { bytes: batch, count } = encode(records, 0, 1 << 20);
      stampBatch(batch, { producerId: 4_711n, epoch: 0, sequence: 0 });
      const timestamps = records.map(({ timestampMs }) => timestampMs ?? nowMs);
      const wanted = encodeBySpecification({
        baseOffset: 0,
        lastOffset: records.length - 1,
        records: records.map(({ key, value, headers }, offset) => ({
          offset,
          timestampMs: timestamps[offset] as number,
          key,
          value,
          headers: headers ?? [],
        })),
        producerId: 4_711,
        maxTimestampMs: Math.max(...timestamps),
      });
      wanted.writeInt32BE(-1, 12); // the leader's epoch is the broker's to fill in
      expect(count).toBe(records.length);
      expect(batch.toString('hex')).toBe(wanted.toString('hex'));
    }),
  );
});

test('stamps id, epoch and sequence under the checksum, again and again', () => {
  const { bytes: batch } = encode([{ topic: 't', key: null, value: Buffer.from('v') }], 0, 1_000);
  stampBatch(batch, { producerId: 1n, epoch: 2, sequence: 3 });
  const before = Buffer.from(batch);
  stampBatch(batch, { producerId: 2n ** 40n, epoch: 0x7fff, sequence: 2 ** 31 - 1 });
  expect(batch.readBigInt64BE(43)).toBe(2n ** 40n);
  expect([batch.readInt16BE(51), batch.readInt32BE(53)]).toEqual([0x7fff, 2 ** 31 - 1]);
  expect(batch.readUInt32BE(17)).not.toBe(before.readUInt32BE(17));
  stampBatch(batch, { producerId: 1n, epoch: 2, sequence: 3 });
  expect(batch).toEqual(before);
});

test('takes as many records as fit, in order, and one that is too large alone', () => {
  const sized = (size: number) => ({ topic: 't', key: null, value: Buffer.alloc(size) });
  const records = [sized(400), sized(400), sized(5_000), sized(10)];
  const counts: number[] = [];
  for (let from = 0; from < records.length; ) {
    const { count, bytes: batch, recordBytes } = encode(records, from, 1_000);
    expect(batch.length).toBe(61 + recordBytes);
    counts.push(count);
    from += count;
  }
  expect(counts).toEqual([2, 1, 1]);
});
