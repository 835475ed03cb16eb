import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { Decimal } from '../event/decimal.ts';

type Row = Readonly<Record<string, unknown>>;

/** What is compared, and how the message calls it. */
export interface Comparison {
  /** Such as `login_fraud shows`. */
  readonly what: string;
  readonly shown: readonly unknown[];
  readonly expected: readonly unknown[];
}

/**
 * Requires as many rows as expected, in any order, that hold what is expected: of each row the
 * columns that it names. Decimals are compared as numbers.
 * @throws AssertionError with a diff of what remains, shown against expected
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
 * For each expected row the index of a shown row of its own that holds it, as many as can be
 * (augmenting paths).
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
 * The columns that the expected row names; equal values in its words, so that the diff shows what
 * differs only.
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
