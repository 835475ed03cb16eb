import { gzipSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import * as fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { beforeAll, expect, test } from 'vitest';
import type { PartitionSlice } from '../../../../src/log/kafka/wire/batch-headers.ts';
import { decodeSlice } from '../../../../src/log/kafka/wire/decode-slice.ts';
import { type Decompress, loadDecompress } from '../../../../src/log/kafka/wire/decompress.ts';
import { lz4FrameSize } from '../../../../src/log/kafka/wire/lz4-frame-size.ts';
import { recordAt } from '../../../../src/log/record-at.ts';
import type { RecordBatch } from '../../../../src/log/record-batch.ts';
import { recordHash } from '../../../../src/log/record-hash.ts';
import { isRepriseError } from '../../../../src/reprise-error.ts';
import {
  type EncodedRecord,
  encodeBatch,
  encodeMarker,
} from '../../../support/kafka-batch-encoder.ts';

let decompress: Decompress;
beforeAll(async () => {
  decompress = await loadDecompress(1024 * 1024);
});

function sliceOf(bytes: Buffer, more: Partial<PartitionSlice> = {}): PartitionSlice {
  return {
    topic: 'payments',
    partition: 3,
    fetchOffset: 0,
    untilOffset: Number.POSITIVE_INFINITY,
    stableEndOffset: 1_000,
    aborted: [],
    bytes,
    start: 0,
    end: bytes.length,
    ...more,
  };
}

function decode(bytes: Buffer, more?: Partial<PartitionSlice>): RecordBatch[] {
  return [...decodeSlice(sliceOf(bytes, more), decompress)];
}

function recordsOf(batches: readonly RecordBatch[]): EncodedRecord[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => {
      const { offset, timestampMs, key, value, headers } = recordAt(batch, i);
      return { offset: Number(offset), timestampMs, key, value, headers };
    }),
  );
}

function plain(offset: number, text = `v${offset}`): EncodedRecord {
  return {
    offset,
    timestampMs: 1_700_000_000_000 + offset,
    key: null,
    value: Buffer.from(text),
    headers: [],
  };
}

const bytesOrNull = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  { nil: null },
);

/**
 * Records with ascending offsets with holes, any nulls, any headers, timestamps that go back and
 * forth.
 */
const someRecords = fc
  .array(
    fc.record({
      hole: fc.nat({ max: 300 }),
      timestampMs: fc.nat({ max: 2 ** 41 }),
      key: bytesOrNull,
      value: bytesOrNull,
      headers: fc.array(fc.record({ key: fc.string(), value: bytesOrNull }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drafts) => {
    let offset = -1;
    return drafts.map(({ hole, ...draft }) => {
      offset += 1 + hole;
      return { offset, ...draft };
    });
  });

test('reads back any records exactly, from any start to any end', () => {
  fc.assert(
    fc.property(
      someRecords,
      fc.nat({ max: 500 }),
      fc.nat({ max: 3_000 }),
      (records, from, until) => {
        const last = records.at(-1)?.offset ?? 0;
        const bytes = encodeBatch({ baseOffset: 0, lastOffset: last, records });
        const wanted = records.filter(({ offset }) => offset >= from && offset < until);
        expect(recordsOf(decode(bytes, { fetchOffset: from, untilOffset: until }))).toEqual(wanted);
      },
    ),
  );
});

test('gives a typed error or what was written for bytes that were damaged, even with a repaired checksum', () => {
  fc.assert(
    fc.property(
      someRecords,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (records, at, flip, repair) => {
        const lastOffset = records.at(-1)?.offset ?? 0;
        const bytes = encodeBatch({ baseOffset: 0, lastOffset, records });
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        if (repair) bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
        expectTypedOrRead(bytes);
      },
    ),
    { numRuns: 500 },
  );
});

function expectTypedOrRead(bytes: Buffer): void {
  try {
    recordsOf(decode(bytes));
  } catch (error) {
    if (!isRepriseError(error)) throw error;
    expect(error.code).toMatch(/^(CORRUPT|UNSUPPORTED)_RECORD_BATCH$|^BUDGET_EXCEEDED$/);
  }
}

test('reads the whole batches before a cut-off one, and refuses one that is cut off alone', () => {
  const first = encodeBatch({ baseOffset: 0, lastOffset: 1, records: [plain(0), plain(1)] });
  const second = encodeBatch({ baseOffset: 2, lastOffset: 2, records: [plain(2)] });
  const both = Buffer.concat([first, second]);
  for (let end = first.length; end < both.length; end += 1) {
    const batches = decode(both.subarray(0, end));
    expect(recordsOf(batches)).toEqual([plain(0), plain(1)]);
    expect(batches.at(-1)?.nextOffset).toBe(2);
  }
  expect(() => decode(first.subarray(0, 40))).toThrow(/payments\[3\]@0 is corrupt/);
});

test('keeps uncompressed bytes where they are and puts several Kafka batches in one', () => {
  const bytes = Buffer.concat(
    [0, 1, 2].map((offset) =>
      encodeBatch({ baseOffset: offset, lastOffset: offset, records: [plain(offset)] }),
    ),
  );
  const batches = decode(bytes);
  expect(batches).toHaveLength(1);
  expect(batches[0]?.bytes).toBe(bytes);
  expect(batches[0]).toMatchObject({ firstOffset: 0, nextOffset: 3, count: 3, leaderEpoch: 3 });
});

test('moves over compaction holes and empty retained batches', () => {
  const bytes = Buffer.concat([
    encodeBatch({ baseOffset: 10, lastOffset: 20, records: [plain(13), plain(17)] }),
    encodeBatch({ baseOffset: 30, lastOffset: 39, records: [] }),
  ]);
  const batches = decode(bytes, { fetchOffset: 5 });
  expect(recordsOf(batches)).toEqual([plain(13), plain(17)]);
  expect(batches.at(-1)).toMatchObject({ firstOffset: 5, nextOffset: 40 });
});

test('leaves out aborted transactions and control records, and moves past them', () => {
  const write = (offset: number, producerId: number) =>
    encodeBatch({
      baseOffset: offset,
      lastOffset: offset,
      records: [plain(offset)],
      attributes: 0x10,
      producerId,
    });
  const bytes = Buffer.concat([
    write(0, 7),
    write(1, 8),
    encodeMarker(2, 7, true),
    write(3, 7),
    encodeMarker(4, 8, false),
    encodeMarker(5, 7, false),
  ]);
  const batches = decode(bytes, { aborted: [{ producerId: 7, firstOffset: 0 }] });
  expect(recordsOf(batches)).toEqual([plain(1), plain(3)]);
  expect(batches.at(-1)?.nextOffset).toBe(6);
  const tail = decode(encodeMarker(6, 7, false), { fetchOffset: 6 });
  expect(tail).toMatchObject([{ count: 0, firstOffset: 6, nextOffset: 7 }]);
});

test('takes the append time of the broker, and splits where the kind of timestamp changes', () => {
  const bytes = Buffer.concat([
    encodeBatch({ baseOffset: 0, lastOffset: 0, records: [plain(0)] }),
    encodeBatch({
      baseOffset: 1,
      lastOffset: 1,
      records: [plain(1)],
      attributes: 0x08,
      maxTimestampMs: 99,
    }),
  ]);
  const batches = decode(bytes);
  expect(batches.map(({ appendTime }) => appendTime)).toEqual([false, true]);
  expect(batches[1]?.timestampsMs[0]).toBe(99);
});

test.each([
  ['gzip', 1, gzipSync],
  ['snappy', 2, (payload: Buffer) => compressSync(payload)],
  ['lz4', 3, (payload: Buffer) => compressFrameSync(payload)],
] as const)(
  'unpacks %s beside uncompressed batches, and sets a bomb apart',
  (_name, codec, pack) => {
    const records = [plain(0, 'x'.repeat(500)), plain(1)];
    const compress = (payload: Buffer) => Buffer.from(pack(payload));
    const packed = encodeBatch({
      baseOffset: 0,
      lastOffset: 1,
      records,
      attributes: codec,
      compress,
    });
    const loose = encodeBatch({ baseOffset: 2, lastOffset: 2, records: [plain(2)] });
    expect(recordsOf(decode(Buffer.concat([packed, loose])))).toEqual([...records, plain(2)]);
    const value = Buffer.alloc(2 * 1024 * 1024);
    const bombAt = (baseOffset: number, lastOffset: number) =>
      encodeBatch({
        baseOffset,
        lastOffset,
        records: [{ ...plain(baseOffset), value }, plain(lastOffset)],
        attributes: codec,
        compress,
      });
    const behind = encodeBatch({ baseOffset: 9, lastOffset: 9, records: [plain(9)] });
    const bytes = Buffer.concat([packed, loose, bombAt(3, 4), bombAt(5, 8), behind]);
    const batches = decode(bytes);
    const seen = batches.map((batch) => ({
      reach: [batch.firstOffset, batch.nextOffset],
      offsets: [...batch.offsets.subarray(0, batch.count)],
      unreadable: batch.unreadable?.code,
    }));
    expect(seen).toEqual([
      { reach: [0, 3], offsets: [0, 1, 2], unreadable: undefined },
      { reach: [3, 5], offsets: [3, 4], unreadable: 'BUDGET_EXCEEDED' },
      { reach: [5, 9], offsets: [8], unreadable: 'BUDGET_EXCEEDED' }, // compaction hides which of 5 … 8 there are
      { reach: [9, 10], offsets: [9], unreadable: undefined },
    ]);
    expect(() => recordAt(batches[1] as RecordBatch, 0)).toThrow(/too|more than/);
    const broken = encodeBatch({
      baseOffset: 0,
      lastOffset: 0,
      records: [plain(0)],
      attributes: codec,
      compress: () => Buffer.from('not compressed at all, whatever it says'),
    });
    expect(() => decode(broken)).toThrow(expect.objectContaining({ code: 'CORRUPT_RECORD_BATCH' }));
  },
);

test('knows the size of any LZ4 frame without unpacking it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), fc.nat({ max: 2_000 }), (bytes, repeats) => {
      const text = Buffer.concat([bytes, Buffer.alloc(repeats * 10, 'abc')]);
      expect(lz4FrameSize(compressFrameSync(text), 1_000_000)).toBe(text.length);
    }),
  );
});

test('refuses message formats before record batch v2', () => {
  const bytes = encodeBatch({ baseOffset: 0, lastOffset: 0, records: [plain(0)] });
  bytes.writeInt8(1, 16);
  expect(() => decode(bytes)).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_RECORD_BATCH' }),
  );
});

test('hashes key and value of a record, and nothing else', () => {
  const hashOf = (one: EncodedRecord) => {
    const [batch] = decode(encodeBatch({ baseOffset: 0, lastOffset: 9, records: [one] }));
    return batch === undefined ? undefined : recordHash(batch, 0);
  };
  const one = { ...plain(1, 'value'), key: Buffer.from('key') };
  expect(hashOf(one)).toBe(crc32c('keyvalue'));
  expect(hashOf({ ...one, timestampMs: 5, offset: 3 })).toBe(hashOf(one));
  expect(hashOf({ ...one, value: Buffer.from('other') })).not.toBe(hashOf(one));
});
