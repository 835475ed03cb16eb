import type { Fail } from '../check/fail-for.ts';
import { planFunctions } from '../plan/plan-functions.ts';
import { functionSyntax } from '../syntax/function-syntax.ts';

/**
 * A function of the language, such as `Math.max`: its name says what it does. A bound function has
 * none.
 */
const BUILT_IN = /^function \w+\(\) \{ \[native code\] \}$/;

/**
 * The names from outside that functions of a plan use, a line for each function:
 * `.row(…) uses limit, rateOf`. What they stand for is not in the text of a function, so a change
 * of it is not seen. @throws DEFINITION_INVALID through `fail` for functions whose text cannot be
 * read
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
