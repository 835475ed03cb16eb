import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ColumnValues } from '../../../src/projection/plan/row-set.ts';
import type { ColumnPlan, ColumnType } from '../../../src/projection/plan/table-plan.ts';
import { createColumnReader } from '../../../src/readmodel/column-reader.ts';
import { allocateBytes, createFieldWriter } from '../../../src/readmodel/field-writer.ts';

const LENGTH_BYTES = 4;
const YEAR_10000_MS = 253_402_300_800_000;
const bits64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** A value of a column, null for NULL, as `ColumnValues` of one type hold many. */
const ofType: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  text: fc.string({ unit: 'grapheme' }),
  jsonb: fc.json(),
  boolean: fc.constantFrom(0, 1),
  int4: fc.integer(),
  int8: fc.bigInt(bits64),
  float8: fc.double(),
  numeric: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
  date: fc.integer({ min: -100_000, max: 2_000_000 }),
  timestamptz: fc.integer({ min: -YEAR_10000_MS, max: YEAR_10000_MS }),
  bytea: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  'float8[]': fc.array(fc.double()),
};

function columnOf(type: ColumnType, rows: readonly unknown[]): ColumnValues {
  const present = Uint8Array.from(rows, (value) => (value === null ? 0 : 1));
  const numbers = () => Float64Array.from(rows, (value) => Number(value ?? 0));
  switch (type) {
    case 'text':
    case 'jsonb':
      return { type, values: rows.map((value) => String(value ?? '')), present };
    case 'boolean':
      return { type, values: Uint8Array.from(numbers()), present };
    case 'int8': {
      const exact = BigInt64Array.from(rows, (value) => BigInt((value as bigint | null) ?? 0n));
      return { type, values: numbers(), exact, present };
    }
    case 'int4':
    case 'date':
    case 'float8':
    case 'timestamptz':
      return { type, values: numbers(), present };
    case 'numeric':
    case 'bytea':
    case 'float8[]':
      return { type, values: rows } as ColumnValues;
  }
}

/** The rows of a column, as `columnOf` takes them. */
function rowsOf(column: ColumnValues, count: number): unknown[] {
  return Array.from({ length: count }, (_, row) => {
    if ('present' in column && column.present?.[row] === 0) return null;
    if (column.type !== 'int8') return column.values[row];
    return column.exact?.[row] ?? BigInt(column.values[row] as number);
  });
}

test.each(Object.keys(ofType) as ColumnType[])(
  'reads back every value of %s that was written, and every NULL',
  (type) => {
    const column = { name: 'c', type, scale: 2, role: 'measure' } as unknown as ColumnPlan;
    fc.assert(
      fc.property(fc.array(fc.option(ofType[type]), { maxLength: 30 }), (rows) => {
        const writer = createFieldWriter(column, columnOf(type, rows));
        const reader = createColumnReader(column);
        reader.reserve(rows.length);
        for (let row = 0; row < rows.length; row += 1) {
          const bytes = allocateBytes(writer.bytesMax ?? writer.bytesMaxAt(row));
          const end = writer.write(bytes, 0, row);
          const length = bytes.view.getInt32(0);
          expect(end).toBe(LENGTH_BYTES + Math.max(0, length));
          reader.read(bytes, LENGTH_BYTES, length);
        }
        expect(rowsOf(reader.finish(), rows.length)).toEqual(rows);
      }),
    );
  },
);
