import fc from 'fast-check';
import type { ColumnValues, RowSet } from '../../src/projection/plan/row-set.ts';
import type { TablePlan } from '../../src/projection/plan/table-plan.ts';

const column = (name: string, type: TablePlan['columns'][number]['type'], extra = {}) =>
  ({ name, type, nullable: true, role: 'measure', comment: name, ...extra }) as const;

/** Every column type, as key where keys may have it. */
export const plan: TablePlan = {
  name: 'everything',
  version: 1,
  comment: 'every type',
  columns: [
    column('Key "text"', 'text', { role: 'key', nullable: false }),
    column('key_int8', 'int8', { role: 'key', nullable: false }),
    column('key_time', 'timestamptz', { role: 'key', nullable: false }),
    column('key_day', 'date', { role: 'key', nullable: false }),
    column('a_text', 'text'),
    column('a_boolean', 'boolean'),
    column('an_int4', 'int4'),
    column('an_int8', 'int8'),
    column('a_float8', 'float8'),
    column('an_integer', 'numeric'),
    column('a_decimal', 'numeric', { scale: 3 }),
    column('a_date', 'date'),
    column('a_time', 'timestamptz'),
    column('a_bytea', 'bytea'),
    column('_doubles', 'float8[]', { role: 'state' }),
  ],
  indexes: [['key_time', 'a_text']],
  view: { onlyWhere: null, merges: null, isMerged: false },
};
/** Number of key columns. */
export const KEYS = 4;

type Cell = string | boolean | number | bigint | Buffer | readonly number[] | null;
/** A row of `plan`: a value per column. */
export type Row = readonly Cell[];

const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 4 });
/** Postgres's text has no NUL, and UTF-8 no lone surrogates. */
const text = fc
  .oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.constantFrom(
      'NULL',
      'null',
      '',
      '{}',
      '{a,"b"}',
      '\\',
      '\\N',
      '\\x00',
      '"',
      "'",
      ', ',
      '\n\t\r',
      'ñ'.repeat(48),
    ),
  )
  .map((value) => Buffer.from(value).toString().replaceAll('\0', ''));
const int8 = fc.oneof(
  fc.maxSafeInteger().map(BigInt),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 53n, -(2n ** 53n), 2n ** 53n - 1n, 2n ** 63n - 1n, -(2n ** 63n), 0n),
);
const safeInt8 = fc.maxSafeInteger().map(BigInt);
const double = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE, 0.1 + 0.2, 1e21, 1e-7),
);
/** Down to 4713 BC, up to JavaScript's last day: the narrower of what the two know. */
const time = fc.oneof(
  fc.integer({ min: -210_866_803_199_999, max: 8_640_000_000_000_000 }),
  fc.constantFrom(
    0,
    -1,
    946_684_800_000,
    946_684_799_999,
    1_700_000_000_123,
    8_639_999_999_999_999,
  ),
);
const day = fc.integer({ min: -2_440_588, max: 100_000_000 });
const numeric = fc.oneof(
  fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
  fc.bigInt({ min: -20_000n, max: 20_000n }),
  fc.constantFrom(0n, 1n, 10_000n, 9_999n, 100_000_000n, -(10n ** 38n)),
);

const row = (wholeNumber: fc.Arbitrary<bigint>): fc.Arbitrary<Row> =>
  fc.tuple(
    text,
    wholeNumber,
    time,
    day,
    orNull(text),
    orNull(fc.boolean()),
    orNull(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    orNull(wholeNumber),
    orNull(double),
    orNull(numeric),
    orNull(numeric),
    orNull(day),
    orNull(time),
    orNull(fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes))),
    orNull(fc.array(double, { maxLength: 5 })),
  );

/** At least `min` rows with unique keys. */
export const rowsArbitrary = (min: number) =>
  fc.boolean().chain((safe) =>
    fc.uniqueArray(row(safe ? safeInt8 : int8), {
      minLength: min,
      maxLength: 40,
      selector: (cells) => print(cells.slice(0, KEYS)),
    }),
  );

/** A row in a form that tells every bit apart. */
export function print(cells: Row): string {
  return cells
    .map((cell) => {
      if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : `${cell}`;
      if (Buffer.isBuffer(cell)) return `x${cell.toString('hex')}`;
      if (Array.isArray(cell))
        return `[${cell.map((n) => (Object.is(n, -0) ? '-0' : `${n}`)).join()}]`;
      return typeof cell === 'string' ? JSON.stringify(cell) : `${cell}`;
    })
    .join(' | ');
}

/** The rows as the fold would hand them over. */
export function toRowSet(rows: readonly Row[], columns = plan.columns): RowSet {
  return {
    count: rows.length,
    columns: columns.map(({ type }, i) =>
      toColumn(
        type,
        rows.map((cells) => cells[i] ?? null),
      ),
    ),
  };
}

function toColumn(type: ColumnValues['type'], cells: readonly Cell[]): ColumnValues {
  const present = cells.includes(null) ? Uint8Array.from(cells, (c) => (c === null ? 0 : 1)) : null;
  const numbers = () => Float64Array.from(cells, (cell) => Number(cell ?? 0));
  switch (type) {
    case 'text':
    case 'jsonb':
      return { type, values: cells.map((cell) => (cell ?? '') as string), present };
    case 'boolean':
      return { type, values: Uint8Array.from(cells, (cell) => (cell === true ? 1 : 0)), present };
    case 'int8': {
      const whole = cells.map((cell) => (cell ?? 0n) as bigint);
      const safe = whole.every((n) => Number.isSafeInteger(Number(n)));
      return { type, values: numbers(), exact: safe ? null : BigInt64Array.from(whole), present };
    }
    case 'numeric':
      return { type, values: cells as (bigint | null)[] };
    case 'bytea':
      return { type, values: cells as (Buffer | null)[] };
    case 'float8[]':
      return { type, values: cells as (readonly number[] | null)[] };
    default:
      return { type, values: numbers(), present };
  }
}

/** The rows of a set, printed and sorted. */
export function printAll(set: RowSet): string[] {
  return Array.from({ length: set.count }, (_, i) =>
    print(set.columns.map((values) => cellAt(values, i))),
  ).sort();
}

function cellAt(values: ColumnValues, i: number): Cell {
  if ('present' in values && values.present !== null && values.present[i] === 0) return null;
  if (values.type === 'boolean') return values.values[i] === 1;
  if (values.type === 'int8') return values.exact?.[i] ?? BigInt(values.values[i] as number);
  return values.values[i] as Cell;
}
