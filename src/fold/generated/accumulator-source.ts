import type { AccumulatorPlan } from '../../projection/plan/plan.ts';

/** Where an accumulator reads its field and stores its numbers. */
export interface AccumulatorPlace {
  readonly plan: AccumulatorPlan;
  /** Index of its first number in a row's stride. */
  readonly at: number;
  /** Index of its field among the fields that are read; -1: it takes events. */
  readonly field: number;
  /** Its index among the accumulators: `slow[n]` is called if the common case does not hold. */
  readonly n: number;
}

/**
 * Generates the statements that accumulate one record, or null if only the accumulator itself can:
 * the `add` of `Count`, `DoubleSum` and `Extreme`, for one record. They use `numbers`, `base` (the
 * row's first number) and `slot`, and must not stop halfway: the row already exists.
 */
export function accumulatorSource({ plan, at, field, n }: AccumulatorPlace): string | null {
  if (plan.filter !== null) return null;
  const body = bodyOf(plan.kind, at, n, `value${field}`);
  if (body === null) return null;
  return field < 0 ? `{ ${body} }` : `if (present${field}) { ${body} }`;
}

function bodyOf(
  kind: AccumulatorPlan['kind'],
  at: number,
  n: number,
  value: string,
): string | null {
  switch (kind) {
    case 'count':
      return `numbers[base + ${at}] += 1;`;
    case 'sumDouble':
      return sumSource(at, n, value);
    case 'min':
      return extremeSource(at, value, 'best !== best ? x === x : best > x');
    case 'max':
      return extremeSource(at, value, 'x !== x ? best === best : x > best');
    default:
      return null;
  }
}

/** Generates Knuth's TwoSum, twice (ADR 0005). */
function sumSource(at: number, n: number, value: string): string {
  return `
const index = base + ${at}, x = ${value};
const hi = numbers[index], lo = numbers[index + 1];
const s = hi + x, back = s - hi;
const e = hi - (s - back) + (x - back);
const t = lo + e, back2 = t - lo;
const lost = lo - (t - back2) + (e - back2);
const total = s + t;
if (lost === 0 && total - total === 0) {
  const back3 = total - s;
  numbers[index] = total;
  numbers[index + 1] = s - (total - back3) + (t - back3);
} else slow[${n}].addSlowly(numbers, index, slot, x);`;
}

/**
 * Generates the update of an extreme: whether there is a value, and the value; -0 is stored as 0.
 */
function extremeSource(at: number, value: string, isBetter: string): string {
  return `
const index = base + ${at}, x = ${value} + 0, best = numbers[index + 1];
if (numbers[index] === 0 || (${isBetter})) { numbers[index] = 1; numbers[index + 1] = x; }`;
}
