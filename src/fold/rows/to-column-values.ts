import { Decimal } from '../../event/decimal.ts';
import type { ColumnValues, RowSet } from '../../projection/plan/row-set.ts';
import type { ColumnPlan, TablePlan } from '../../projection/plan/table-plan.ts';
import { EARLIEST_DAY, EARLIEST_MS, LATEST_MS } from './postgres-limits.ts';

const DAY_MS = 86_400_000;

/**
 * Converts values of a column, typed as typed queries return them, to `ColumnValues`. Each must
 * have passed `valueFault`.
 */
export function toColumnValues(column: ColumnPlan, values: readonly unknown[]): ColumnValues {
  const present = values.some((value) => value === null)
    ? Uint8Array.from(values, (value) => (value === null ? 0 : 1))
    : null;
  const numbers = (of: (value: unknown) => number) =>
    Float64Array.from(values, (value) => (value === null ? 0 : of(value)));
  switch (column.type) {
    case 'text':
    case 'jsonb':
      return {
        type: column.type,
        values: values.map((value) =>
          value === null ? '' : column.type === 'text' ? (value as string) : JSON.stringify(value),
        ),
        present,
      };
    case 'boolean':
      return { type: 'boolean', values: Uint8Array.from(values, Number), present };
    case 'int4':
    case 'float8':
      return { type: column.type, values: numbers(Number), present };
    case 'int8': {
      const exact = BigInt64Array.from(values, (value) =>
        value === null ? 0n : BigInt(value as bigint),
      );
      return { type: 'int8', values: Float64Array.from(exact, Number), exact, present };
    }
    case 'timestamptz':
      return {
        type: 'timestamptz',
        values: numbers((value) => (value as Date).getTime()),
        present,
      };
    case 'date':
      return { type: 'date', values: numbers((value) => dayOf(value as string)), present };
    case 'numeric':
      return {
        type: 'numeric',
        values: values.map((value) =>
          value === null ? null : unscaledOf(value, column.scale ?? 0),
        ),
      };
    case 'bytea':
      return { type: 'bytea', values: values as (Buffer | null)[] };
    case 'float8[]':
      return { type: 'float8[]', values: values as (readonly number[] | null)[] };
  }
}

/**
 * Returns the value of row `i`, typed as typed queries return it: bigint, Decimal if there are
 * fraction digits, Date, 'YYYY-MM-DD', parsed JSON; null.
 */
export function valueAt(column: ColumnPlan, values: ColumnValues, i: number): unknown {
  if ('present' in values && values.present?.[i] === 0) return null;
  switch (values.type) {
    case 'text':
      return values.values[i];
    case 'jsonb':
      return JSON.parse(values.values[i] as string) as unknown;
    case 'boolean':
      return values.values[i] !== 0;
    case 'int8':
      return values.exact?.[i] ?? BigInt(values.values[i] as number);
    case 'timestamptz':
      return new Date(values.values[i] as number);
    case 'date':
      return new Date((values.values[i] as number) * DAY_MS).toISOString().replace(/T.*$/, '');
    case 'numeric': {
      const unscaled = values.values[i] ?? null;
      const scale = column.scale ?? 0;
      return unscaled === null || scale === 0 ? unscaled : new Decimal(unscaled, scale);
    }
    case 'int4':
    case 'float8':
    case 'bytea':
    case 'float8[]':
      return values.values[i] ?? null;
  }
}

/**
 * Returns why a value cannot be stored in a column, as a phrase that continues "… is …"; null: it
 * can.
 */
export function valueFault(column: ColumnPlan, value: unknown): string | null {
  if (value === null || value === undefined) {
    return column.nullable ? null : `${String(value)}, and the column is not nullable`;
  }
  switch (column.type) {
    case 'text':
      if (typeof value !== 'string') return `a ${typeof value}, not text`;
      if (value.includes('\0')) return 'text with a zero character, which Postgres cannot hold';
      return value.isWellFormed()
        ? null
        : 'text with half a surrogate pair, which UTF-8 cannot hold';
    case 'boolean':
      return typeof value === 'boolean' ? null : `a ${typeof value}, not true or false`;
    case 'int4':
      return Number.isInteger(value) && Math.abs((value as number) + 0.5) < 2 ** 31
        ? null
        : `${print(value)}, not a whole number of 32 bits`;
    case 'int8':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
        ? null
        : `${print(value)} (${typeof value}), not a bigint of 64 bits`;
    case 'float8':
      return typeof value === 'number' ? null : `a ${typeof value}, not a number`;
    case 'timestamptz': {
      const ms = value instanceof Date ? value.getTime() : Number.NaN;
      return ms >= EARLIEST_MS && ms <= LATEST_MS
        ? null
        : `${print(value)}, not a Date that Postgres can hold`;
    }
    case 'date':
      return typeof value === 'string' && dayOf(value) >= EARLIEST_DAY
        ? null
        : `${print(value)}, not a day as 'YYYY-MM-DD'`;
    case 'numeric':
      return numericFault(column, value);
    case 'jsonb':
      return jsonFault(value);
    default:
      return null;
  }
}

function numericFault({ scale = 0, precision }: ColumnPlan, value: unknown): string | null {
  if (!(value instanceof Decimal) && typeof value !== 'bigint') {
    return `a ${typeof value}, not a Decimal`;
  }
  if (value instanceof Decimal && value.scale > scale) {
    const cut = 10n ** BigInt(value.scale - scale);
    if (value.unscaled % cut !== 0n)
      return `${value}, with more than ${scale} digits after the point`;
  }
  if (precision === undefined) return null;
  const unscaled = unscaledOf(value, scale);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().length;
  return digits > precision ? `${String(value)}, with more than ${precision} digits` : null;
}

function jsonFault(value: unknown): string | null {
  try {
    const text = JSON.stringify(value, refuseUnlikeJson) as string | undefined;
    if (text === undefined) return `a ${typeof value}, not JSON`;
    return UNSTORABLE_ESCAPE.test(text)
      ? 'JSON with a zero character or half a surrogate pair, which Postgres cannot hold'
      : null;
  } catch (error) {
    return `not JSON (${(error as Error).message})`;
  }
}

/** Refuses values for which JSON.stringify silently writes null. */
function refuseUnlikeJson(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError(`it holds ${value}`);
  return value;
}

/**
 * Matches what JSON.stringify writes for a zero character or a lone surrogate, except after an
 * escaped backslash.
 */
const UNSTORABLE_ESCAPE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i;

function print(value: unknown): string {
  return typeof value === 'object' && !(value instanceof Date) && value !== null
    ? Object.prototype.toString.call(value)
    : String(value);
}

/** Converts a Decimal or bigint to an integer of that many fraction digits. */
function unscaledOf(value: unknown, scale: number): bigint {
  if (typeof value === 'bigint') return value * 10n ** BigInt(scale);
  const decimal = value as Decimal;
  return decimal.scale <= scale
    ? decimal.unscaled * 10n ** BigInt(scale - decimal.scale)
    : decimal.unscaled / 10n ** BigInt(decimal.scale - scale);
}

/**
 * Returns days since the epoch; NaN if it is not a calendar date (`Date.parse` takes 2026-02-30 for
 * 2 March).
 */
function dayOf(text: string): number {
  if (!/^([+-]\d{6}|\d{4})-\d\d-\d\d$/.test(text)) return Number.NaN;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return new Date(ms).getUTCDate() === Number(text.slice(-2)) ? ms / DAY_MS : Number.NaN;
}

/** Converts rows given as lists of values, in the order of the columns, to a row set. */
export function toRowSet(
  columns: readonly ColumnPlan[],
  rows: readonly (readonly unknown[])[],
): RowSet {
  return {
    count: rows.length,
    columns: columns.map((column, c) =>
      toColumnValues(
        column,
        rows.map((row) => row[c] ?? null),
      ),
    ),
  };
}

/** Returns the visible columns of row `i` by SQL names, as typed queries return them. */
export function rowObject(table: TablePlan, rows: RowSet, i: number): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [c, column] of table.columns.entries()) {
    if (column.role === 'state') continue;
    row[column.name] = valueAt(column, rows.columns[c] as ColumnValues, i);
  }
  return row;
}
