import type { ColumnValues, TableColumn } from '../projection/plan/row-set.ts';
import type { ColumnPlan, ColumnType } from '../projection/plan/table-plan.ts';
import {
  ARRAY_HEADER_BYTES,
  allocateBytes,
  createFieldWriter,
  writeArrayHeader,
} from './field-writer.ts';

/** Type OIDs in pg_type; they never change. */
const OIDS: Readonly<Record<Exclude<ColumnType, 'float8[]'>, number>> = {
  text: 25,
  boolean: 16,
  int4: 23,
  int8: 20,
  float8: 701,
  numeric: 1700,
  date: 1082,
  timestamptz: 1184,
  jsonb: 3802,
  bytea: 17,
};

/**
 * Returns the type to which a parameter of `arrayParameters` is cast: `unnest` would flatten an
 * array of arrays, so those are sent as text and cast per row.
 */
export function parameterType({ type }: ColumnPlan): string {
  return type === 'float8[]' ? 'text[]' : `${type}[]`;
}

/** A range of rows. */
export interface Slice {
  /** First row. */
  readonly from: number;
  /** One past the last row. */
  readonly until: number;
}

/**
 * Returns one array parameter per column with the values of the rows in the slice, in the binary
 * format, which node-postgres uses for buffers.
 */
export function arrayParameters(
  columns: readonly ColumnPlan[],
  values: readonly TableColumn[],
  slice: Slice,
): Buffer[] {
  return columns.map((column, i) => {
    const given = values[i];
    if (given === undefined) throw new TypeError(`no values for column ${column.name}`);
    if (given.type !== 'float8[]') return encode(column, given, slice);
    const arrays = 'isNull' in given ? [] : given.values;
    const wanted = Array.from(
      { length: slice.until - slice.from },
      (_, n) => arrays[slice.from + n] ?? null,
    );
    const literals = asLiterals(wanted);
    return encode(column, literals, { from: 0, until: slice.until - slice.from });
  });
}

function encode(
  column: ColumnPlan,
  values: Exclude<TableColumn, { type: 'float8[]' }>,
  { from, until }: Slice,
): Buffer {
  const writer = createFieldWriter(column, values);
  let room = ARRAY_HEADER_BYTES;
  if (writer.bytesMax !== null) room += writer.bytesMax * (until - from);
  else for (let row = from; row < until; row += 1) room += writer.bytesMaxAt(row);
  const bytes = allocateBytes(room);
  let at = writeArrayHeader(bytes.view, 0, {
    elementOid: OIDS[values.type],
    count: until - from,
  });
  for (let row = from; row < until; row += 1) at = writer.write(bytes, at, row);
  return bytes.buffer.subarray(0, at);
}

/**
 * Formats array literals. JavaScript prints doubles so that they parse to the same value, but drops
 * the sign of zero.
 */
function asLiterals(
  arrays: readonly (readonly number[] | null)[],
): Extract<ColumnValues, { type: 'text' | 'jsonb' }> {
  return {
    type: 'text',
    values: arrays.map((doubles) =>
      doubles === null ? '' : `{${doubles.map((n) => (Object.is(n, -0) ? '-0' : n)).join(',')}}`,
    ),
    present: Uint8Array.from(arrays, (doubles) => (doubles === null ? 0 : 1)),
  };
}
