import { checkFunction, kindOf } from '../check/check-function.ts';
import type { StepContext } from '../check/fail-for.ts';
import type { UserAggregate } from './aggregates.ts';
import type { Column } from './columns.ts';
import { declarationFault } from './declared-columns.ts';

/** The argument of `aggregate({ … })` before it is validated. */
type Given = Partial<Omit<UserAggregate<unknown, never, unknown>, 'column'>> & {
  readonly column?: Column<unknown, boolean, boolean>;
};

/**
 * Checks a user's aggregate: its functions, a `zero` that is the same after JSON, its column.
 * @throws DEFINITION_INVALID through `fail`
 */
export function checkUserAggregate(define: unknown, context: StepContext): void {
  const { step, fail } = context;
  if (typeof define !== 'object' || define === null) {
    fail(
      step,
      `aggregate(…) is given ${kindOf(define)}; it takes { zero, add, merge, result, column }.`,
    );
  }
  const { zero, add, merge, result, column } = define as Given;
  for (const [name, given] of Object.entries({ add, merge, result })) {
    checkFunction(given, `"${name}" of aggregate(…)`, context);
  }
  if (!isJson(zero)) {
    fail(step, '"zero" of aggregate(…) is not JSON; states are stored as JSON between events.');
  }
  const fault = declarationFault(column);
  if (fault !== null) fail(step, `"column" of aggregate(…) ${fault}`);
  if (column?.isPrimaryKey === true) {
    fail(step, '"column" of aggregate(…) is marked .primaryKey(); a measure is no part of a key.');
  }
}

/** True if a value is the same after being written to JSON and read back. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) {
    return value === null || typeof value === 'string' || typeof value === 'boolean';
  }
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isPlain && Object.values(value).every(isJson);
}
