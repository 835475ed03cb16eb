import type { Fail } from '../check/fail-for.ts';
import { planFunctions } from '../plan/plan-functions.ts';
import { functionSyntax } from '../syntax/function-syntax.ts';

/**
 * Matches built-in functions such as `Math.max`, which are identified by their name. A bound
 * function has no name here.
 */
const BUILT_IN = /^function \w+\(\) \{ \[native code\] \}$/;

/**
 * Returns the outer names that functions of a plan use, one line for each function: `.row(…) uses
 * limit, rateOf`. Their values are not part of a function's text, so changes of them are not
 * detected. @throws DEFINITION_INVALID through `fail` for functions whose text cannot be read
 */
export function planCaptures(plan: object, fail: Fail): readonly string[] {
  const lines = planFunctions(plan).flatMap(({ name, text }) => {
    const syntax = functionSyntax(text);
    if (syntax === null && BUILT_IN.test(text)) return [];
    if (syntax === null) {
      return fail(
        name,
        'its function is bound, so that its source, by which versions are compared, cannot be read. Write (event) => yourFunction(event) instead.',
      );
    }
    return syntax.captures.length === 0 ? [] : [`${name} uses ${syntax.captures.join(', ')}`];
  });
  return [...new Set(lines)];
}
