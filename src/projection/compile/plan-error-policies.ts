import type { Fail } from '../check/fail-for.ts';
import { onErrorMistake } from '../check/on-error-mistake.ts';
import type { ErrorPolicies, ErrorPolicy } from '../plan/error-policy.ts';

/**
 * Returns the error policies that a projection class sets with `onError`; null where it sets none.
 * @throws DEFINITION_INVALID
 */
export function planErrorPolicies(
  given: ErrorPolicy | Partial<ErrorPolicies> | undefined,
  fail: Fail,
): Readonly<Record<keyof ErrorPolicies, ErrorPolicy | null>> {
  const mistake = given === undefined ? null : onErrorMistake(given);
  if (mistake !== null) fail('onError', `${mistake}.`);
  const isOne = typeof given === 'string' || (given !== undefined && 'policy' in given);
  const { live = null, rebuild = null } = isOne ? { live: given, rebuild: given } : (given ?? {});
  return { live, rebuild };
}
