import type { Fail } from './definition-fault.ts';
import type { ErrorPolicies, ErrorPolicy } from './error-policy.ts';
import { ERROR_POLICIES } from './error-policy.ts';

/** The policies of a projection class, by `onError`; what it leaves open is null. @throws DEFINITION_INVALID */
export function planErrorPolicies(
  given: ErrorPolicy | Partial<ErrorPolicies> | undefined,
  fail: Fail,
): Readonly<Record<keyof ErrorPolicies, ErrorPolicy | null>> {
  const { live = null, rebuild = null } =
    typeof given === 'string' ? { live: given, rebuild: given } : (given ?? {});
  for (const policy of [live, rebuild]) {
    if (policy !== null && !ERROR_POLICIES.includes(policy)) {
      fail('onError', `takes ${ERROR_POLICIES.join(', ')}, not ${JSON.stringify(policy)}.`);
    }
  }
  return { live, rebuild };
}
