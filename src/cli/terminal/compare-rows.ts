import { Decimal } from '../../event/decimal.ts';
import type { ViewRow } from './query-rows.ts';

/** The columns to compare, and the columns that identify a row. */
export interface ComparedColumns {
  readonly keys: readonly string[];
  readonly measures: readonly string[];
}

const SHOWN_MAX = 5;

/**
 * Compares two sets of rows exactly, column by column. Returns the differences in words, at most
 * five; empty if the rows are equal. Numbers are compared by their shortest exact text: a long may
 * be a bigint on one side and a number on the other, but no bit of a double may differ.
 */
export function compareRows(
  expected: readonly ViewRow[],
  actual: readonly ViewRow[],
  columns: ComparedColumns,
): readonly string[] {
  const found = new Map(actual.map((row) => [identity(row, columns), row]));
  const differences: string[] = [];
  let more = 0;
  const tell = (line: string) => {
    if (differences.length < SHOWN_MAX) differences.push(line);
    else more += 1;
  };
  if (found.size !== actual.length) tell('the read model has several rows with one key');
  for (const row of expected) {
    const name = identity(row, columns);
    const other = found.get(name);
    found.delete(name);
    if (other === undefined) {
      tell(`row ${name} is missing`);
      continue;
    }
    for (const column of columns.measures) {
      const [want, have] = [exactText(row[column]), exactText(other[column])];
      if (want !== have) tell(`row ${name}: ${column} is ${have}, expected ${want}`);
    }
  }
  for (const name of found.keys()) tell(`row ${name} should not be there`);
  return more === 0 ? differences : [...differences, `and ${more} more`];
}

function identity(row: ViewRow, { keys }: ComparedColumns): string {
  return JSON.stringify(keys.map((key) => exactText(row[key])));
}

function exactText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (value instanceof Decimal) return value.toString();
  if (typeof value === 'object') return JSON.stringify(sortedKeys(value));
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Sorts keys, because jsonb does not keep their order. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortedKeys(each)]));
}
