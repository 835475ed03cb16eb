import type { Fail } from '../check/fail-for.ts';
import { onErrorMistake } from '../check/on-error-mistake.ts';
import type { ErrorPolicies, ErrorPolicy } from '../plan/error-policy.ts';
import { fingerprintOf } from '../plan/fingerprint-of.ts';
import type { PlanBase, SourcePlan } from '../plan/plan.ts';
import { planFunctions } from '../plan/plan-functions.ts';
import { fieldsOfSource, planShape } from '../plan/plan-shape.ts';
import type { Projection } from '../plan/projection.ts';
import type { TablePlan } from '../plan/table-plan.ts';
import { functionSyntax } from '../syntax/function-syntax.ts';

/**
 * Completes a plan with its identity, its shape (the part that determines the rows), the
 * fingerprint of the shape, and whether it can be replayed.
 * @throws DEFINITION_INVALID through `fail` for functions without source text
 */
export function finishedPlan<Shape extends { readonly sources: readonly SourcePlan[] }>(
  { name, version, onError }: Projection,
  declared: Shape,
  of: {
    readonly fail: Fail;
    /** The first table is the one behind the stable view. */
    readonly tables: readonly TablePlan[];
    readonly rebuild: PlanBase['rebuild'];
    /**
     * The part of the tables that belongs to the shape. Default: the columns of the first table.
     */
    readonly columns?: unknown;
  },
): Shape &
  Pick<
    PlanBase,
    | 'name'
    | 'version'
    | 'shape'
    | 'fingerprint'
    | 'captures'
    | 'table'
    | 'tables'
    | 'rebuild'
    | 'onError'
    | 'replayable'
  > {
  const { tables, rebuild } = of;
  const [table] = tables as readonly [TablePlan];
  const captures = planCaptures(declared, of.fail);
  const sources = declared.sources.map((source, i): SourcePlan => {
    const reads = fieldsOfSource(declared, source, i);
    return reads === null ? source : { ...source, reads };
  });
  const plan = { ...declared, sources };
  const shape = planShape({ ...plan, name, columns: of.columns ?? table.columns });
  return {
    name,
    version,
    ...plan,
    shape,
    fingerprint: fingerprintOf(shape),
    captures,
    table,
    tables,
    rebuild,
    onError: planErrorPolicies(onError, of.fail),
    replayable: sources.every(({ time }) => time.kind !== 'processing'),
  };
}

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
function planCaptures(plan: object, fail: Fail): readonly string[] {
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

/**
 * Returns the error policies that a projection class sets with `onError`; null where it sets none.
 * @throws DEFINITION_INVALID
 */
function planErrorPolicies(
  given: ErrorPolicy | Partial<ErrorPolicies> | undefined,
  fail: Fail,
): Readonly<Record<keyof ErrorPolicies, ErrorPolicy | null>> {
  const mistake = given === undefined ? null : onErrorMistake(given);
  if (mistake !== null) fail('onError', `${mistake}.`);
  const isOne = typeof given === 'string' || (given !== undefined && 'policy' in given);
  const { live = null, rebuild = null } = isOne ? { live: given, rebuild: given } : (given ?? {});
  return { live, rebuild };
}
