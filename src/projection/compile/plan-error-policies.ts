import type { Fail } from '../check/fail-for.ts';
import type { ErrorPolicies, ErrorPolicy, Retries } from '../plan/error-policy.ts';
import { ERROR_POLICIES, RETRY_BOUNDS, readPolicy } from '../plan/error-policy.ts';

/**
 * Returns the error policies that a projection class sets with `onError`; null where it sets none.
 * @throws DEFINITION_INVALID
 */
export function planErrorPolicies(
  given: ErrorPolicy | Partial<ErrorPolicies> | undefined,
  fail: Fail,
): Readonly<Record<keyof ErrorPolicies, ErrorPolicy | null>> {
  const isOne = typeof given === 'string' || (given !== undefined && 'policy' in given);
  const { live = null, rebuild = null } = isOne ? { live: given, rebuild: given } : (given ?? {});
  for (const policy of [live, rebuild]) if (policy !== null) check(policy, fail);
  return { live, rebuild };
}

function check(policy: ErrorPolicy, fail: Fail): void {
  const { name, retries } = readPolicy(policy);
  if (!ERROR_POLICIES.includes(name)) {
    fail('onError', `takes ${ERROR_POLICIES.join(', ')}, not ${JSON.stringify(name)}.`);
  }
  if (typeof policy === 'string') return;
  if (name !== 'retryAndFail' && name !== 'retryAndSkip') {
    fail('onError', `${name} has no retries: write it as '${name}'.`);
  }
  for (const [key, value] of Object.entries(retries ?? {})) {
    const bounds = RETRY_BOUNDS[key as keyof Retries];
    if (bounds === undefined) {
      fail('onError', `${name} takes ${Object.keys(RETRY_BOUNDS).join(', ')}, not ${key}.`);
    }
    const isNumber = typeof value === 'number' && value >= bounds.min && value <= bounds.max;
    if (isNumber && (key !== 'attempts' || Number.isInteger(value))) continue;
    fail('onError', `${key} is ${bounds.min} to ${bounds.max}, not ${JSON.stringify(value)}.`);
  }
}
