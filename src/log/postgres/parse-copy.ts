import { RepriseError } from '../../reprise-error.ts';
import { RecordBatch, type RecordBatchOrigin, type RecordIndex } from '../record-batch.ts';

/** Signature, flags and the length of the header extension of COPY's binary format. */
const SIGNATURE_BYTES = 11;
const NULL = -1;

/** Columns of {@link fetchSql}, in order. */
const COLUMNS = 5;

/**
 * Selects records of one partition in `[from, until)`: at most `recordsMax`, and no more after
 * `bytesMax` bytes (but at least one). Value and headers are one field, so that headers start where
 * the value ends, as in a RecordBatch. COPY takes no parameters: all are numbers.
 */
export function fetchSql(from: {
  readonly table: string;
  readonly partition: number;
  readonly from: number;
  readonly until: number;
  readonly recordsMax: number;
  readonly bytesMax: number;
}): string {
  return `copy (
    select "offset", timestamp_ms, key, octet_length(value), coalesce(value, '') || headers
    from (
      select *, sum(octet_length(headers) + coalesce(octet_length(value), 0) + coalesce(octet_length(key), 0))
        over (order by "offset" rows between unbounded preceding and 1 preceding) as bytes_before
      from (
        select * from ${from.table}
        where partition = ${from.partition} and "offset" >= ${from.from} and "offset" < ${from.until}
        order by "offset" limit ${from.recordsMax}
      ) as slice
    ) as measured
    where coalesce(bytes_before, 0) < ${from.bytesMax}
    order by "offset"
  ) to stdout (format binary)`;
}

/**
 * Creates a batch from COPY output (protocol: "COPY", file formats, binary). Keys, values and
 * headers stay in `bytes`; only their positions are recorded.
 * @throws CORRUPT_RECORD_BATCH if the bytes are not in that format
 */
export function parseCopy(
  bytes: Buffer,
  origin: Omit<RecordBatchOrigin, 'nextOffset'>,
): RecordBatch {
  // Every row has at least its column count, five lengths, two numbers, an int and one byte of
  // headers: this is the maximum number of rows.
  const index = emptyIndex(Math.ceil(bytes.length / 39) + 1);
  let at = SIGNATURE_BYTES + 4;
  at += 4 + bytes.readInt32BE(at);
  let count = 0;
  for (;;) {
    const columns = bytes.readInt16BE(at);
    at += 2;
    if (columns === NULL) break;
    if (columns !== COLUMNS) throw corrupt(origin, at);
    at = parseRow(bytes, at, index, count);
    count += 1;
  }
  const last = count === 0 ? origin.firstOffset - 1 : (index.offsets[count - 1] ?? 0);
  return new RecordBatch({ ...origin, nextOffset: last + 1 }, bytes, { ...index, count });
}

function parseRow(bytes: Buffer, start: number, index: RecordIndex, row: number): number {
  let at = start + 4;
  // an int8 without BigInt: high and low half, far below 2^53
  index.offsets[row] = bytes.readInt32BE(at) * 4_294_967_296 + bytes.readUInt32BE(at + 4);
  at += 12;
  index.timestampsMs[row] = bytes.readDoubleBE(at);
  at += 8;
  const keyLength = bytes.readInt32BE(at);
  at += 4;
  index.keyStart[row] = keyLength === NULL ? NULL : at;
  if (keyLength !== NULL) at += keyLength;
  index.keyEnd[row] = at;
  const valueIsNull = bytes.readInt32BE(at) === NULL;
  at += 4;
  const valueLength = valueIsNull ? 0 : bytes.readInt32BE(at);
  if (!valueIsNull) at += 4;
  const payloadLength = bytes.readInt32BE(at);
  at += 4;
  index.valueStart[row] = valueIsNull ? NULL : at;
  index.valueEnd[row] = at + valueLength;
  return at + payloadLength;
}

function emptyIndex(size: number): RecordIndex {
  return {
    count: 0,
    offsets: new Float64Array(size),
    timestampsMs: new Float64Array(size),
    keyStart: new Int32Array(size),
    keyEnd: new Int32Array(size),
    valueStart: new Int32Array(size),
    valueEnd: new Int32Array(size),
  };
}

function corrupt(origin: Omit<RecordBatchOrigin, 'nextOffset'>, at: number): RepriseError {
  const { topic, partition, firstOffset } = origin;
  return new RepriseError(
    'CORRUPT_RECORD_BATCH',
    `Postgres's answer for ${topic}[${partition}]@${firstOffset} is not in COPY's binary format at byte ${at}. ` +
      'Check what stands between this application and the database (proxy, pooler).',
    { facts: { topic, partition, offset: firstOffset } },
  );
}
