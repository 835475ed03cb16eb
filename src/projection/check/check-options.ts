import { kindOf } from './check-function.ts';
import type { StepContext } from './fail-for.ts';

/**
 * Checks that options are an object without unknown names: a misspelt option would silently have
 * its default. @throws DEFINITION_INVALID through `fail`
 */
export function checkOptions(
  options: unknown,
  known: readonly string[],
  { step, fail }: StepContext,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    fail(step, `its options are ${kindOf(options)}; write { ${known[0]}: … }.`);
  }
  const unknown = Object.keys(options as object).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    fail(step, `there is no option "${unknown}"; there are ${known.join(', ')}.`);
  }
}
