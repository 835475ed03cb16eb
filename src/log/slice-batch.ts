import { RecordBatch } from './record-batch.ts';

/**
 * Returns the records `[from, until)` of a batch, as a batch `[firstOffset, nextOffset)` over the
 * same bytes.
 */
export function sliceBatch(
  batch: RecordBatch,
  records: { readonly from: number; readonly until: number },
  reach: { readonly firstOffset: number; readonly nextOffset: number },
): RecordBatch {
  const { from, until } = records;
  return new RecordBatch({ ...batch, ...reach }, batch.bytes, {
    count: until - from,
    offsets: batch.offsets.subarray(from, until),
    timestampsMs: batch.timestampsMs.subarray(from, until),
    keyStart: batch.keyStart.subarray(from, until),
    keyEnd: batch.keyEnd.subarray(from, until),
    valueStart: batch.valueStart.subarray(from, until),
    valueEnd: batch.valueEnd.subarray(from, until),
  });
}

/**
 * Returns some records of a batch, by their indexes (ascending), as a batch with the same range
 * over the same bytes.
 */
export function pickRecords(
  batch: RecordBatch,
  positions: readonly number[] | Int32Array,
): RecordBatch {
  const doubles = (of: Float64Array) => picked(of, positions, new Float64Array(positions.length));
  const integers = (of: Int32Array) => picked(of, positions, new Int32Array(positions.length));
  return new RecordBatch(batch, batch.bytes, {
    count: positions.length,
    offsets: doubles(batch.offsets),
    timestampsMs: doubles(batch.timestampsMs),
    keyStart: integers(batch.keyStart),
    keyEnd: integers(batch.keyEnd),
    valueStart: integers(batch.valueStart),
    valueEnd: integers(batch.valueEnd),
  });
}

/**
 * Copies the picked entries in a loop: `from` with a function is many times slower on typed arrays.
 */
function picked<Numbers extends Float64Array | Int32Array>(
  of: Numbers,
  positions: readonly number[] | Int32Array,
  into: Numbers,
): Numbers {
  for (let i = 0; i < positions.length; i += 1) into[i] = of[positions[i] as number] as number;
  return into;
}

/** Splits a batch at an offset inside it: records before it, and records at or after it. */
export function splitBatch(batch: RecordBatch, offset: number): [RecordBatch, RecordBatch] {
  const at = indexOfOffset(batch, offset);
  return [
    sliceBatch(
      batch,
      { from: 0, until: at },
      { firstOffset: batch.firstOffset, nextOffset: offset },
    ),
    sliceBatch(
      batch,
      { from: at, until: batch.count },
      { firstOffset: offset, nextOffset: batch.nextOffset },
    ),
  ];
}

/**
 * Returns the index of the first record at or after an offset; the batch's count if there is none.
 */
function indexOfOffset(batch: RecordBatch, offset: number): number {
  let low = 0;
  let high = batch.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((batch.offsets[middle] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
