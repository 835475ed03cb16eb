import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { Decimal } from '../event/decimal.ts';

type Row = Readonly<Record<string, unknown>>;

/** Expected and shown rows, and their name in messages. */
export interface Comparison {
  /** Subject of the message, such as `login_fraud shows`. */
  readonly what: string;
  readonly shown: readonly unknown[];
  readonly expected: readonly unknown[];
}

/**
 * Requires the expected rows and no others, in any order; only the columns that an expected row
 * names are compared. Decimals are compared as numbers.
 * @throws AssertionError with a diff of the unmatched rows, shown against expected
 */
export function requireRows({ what, shown, expected }: Comparison): void {
  requireKnownNames({ what, shown, expected });
  const taken = assignment(shown, expected);
  const fits = taken.every((at) => at !== null) && shown.length === expected.length;
  if (fits) return;
  const left = shown.flatMap((row, i) => (taken.includes(i) ? [] : [row]));
  const pairs = expected.map((row, i): [unknown, unknown] => {
    const at = taken[i] ?? null;
    const beside = at === null ? left.shift() : shown[at];
    return [beside === undefined ? undefined : likeExpected(beside, row), row];
  });
  fail(what, [...pairs.flatMap(([row]) => (row === undefined ? [] : [row])), ...left], expected);
}

function fail(what: string, actual: readonly unknown[], expected: readonly unknown[]): never {
  const { message } = new AssertionError({ actual, expected, operator: 'deepStrictEqual' });
  const diff = message.slice(message.indexOf('\n') + 1);
  throw new AssertionError({
    actual,
    expected,
    operator: 'deepStrictEqual',
    message: `${what} something else than expected (${actual.length} for ${expected.length}):\n${diff}`,
  });
}

function requireKnownNames({ what, shown, expected }: Comparison): void {
  const [first] = shown;
  if (!isRow(first)) return;
  for (const name of expected.flatMap((row) => (isRow(row) ? Object.keys(row) : []))) {
    if (shown.some((row) => isRow(row) && name in row)) continue;
    throw new TypeError(
      `${what} no "${name}": there are ${Object.keys(first).join(', ')}. Columns go by their SQL names.`,
    );
  }
}

/**
 * Assigns to each expected row the index of a different shown row that matches it, as many as
 * possible (augmenting paths).
 */
function assignment(shown: readonly unknown[], expected: readonly unknown[]): (number | null)[] {
  const owner: (number | null)[] = shown.map(() => null);
  const place = (e: number, seen: Set<number>): boolean =>
    shown.some((row, i) => {
      if (seen.has(i) || !holds(row, expected[e])) return false;
      seen.add(i);
      const before = owner[i] ?? null;
      if (before !== null && !place(before, seen)) return false;
      owner[i] = e;
      return true;
    });
  for (const e of expected.keys()) place(e, new Set());
  return expected.map((_, e) => {
    const at = owner.indexOf(e);
    return at < 0 ? null : at;
  });
}

function holds(row: unknown, expected: unknown): boolean {
  return isRow(row) && isRow(expected)
    ? Object.entries(expected).every(([name, value]) => isSame(row[name], value))
    : isSame(row, expected);
}

function isSame(a: unknown, b: unknown): boolean {
  return a instanceof Decimal && b instanceof Decimal ? a.equals(b) : isDeepStrictEqual(a, b);
}

/**
 * Returns the columns that the expected row names, with equal values in its notation, so that the
 * diff shows only differences.
 */
function likeExpected(row: unknown, expected: unknown): unknown {
  if (!isRow(row) || !isRow(expected)) return row;
  return Object.fromEntries(
    Object.entries(expected).map(([name, value]) => [
      name,
      isSame(row[name], value) ? value : row[name],
    ]),
  );
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !(value instanceof Decimal);
}
