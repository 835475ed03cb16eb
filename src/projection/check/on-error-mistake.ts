import type { Retries } from '../plan/error-policy.ts';
import { ERROR_POLICIES, RETRY_BOUNDS } from '../plan/error-policy.ts';

const RETRYING = ['retryAndFail', 'retryAndSkip'];

/**
 * What is wrong with an `onError`, of the configuration or of a class: a policy, or `{ live,
 * rebuild }` with a policy each. A phrase that follows the key; null: nothing.
 */
export function onErrorMistake(given: unknown): string | null {
  if (!isObject(given) || 'policy' in given) return policyMistake(given);
  const unknown = Object.keys(given).find((key) => key !== 'live' && key !== 'rebuild');
  if (unknown !== undefined) return `takes a policy, or live and rebuild, not ${unknown}`;
  for (const when of ['live', 'rebuild']) {
    const mistake = given[when] === undefined ? null : policyMistake(given[when]);
    if (mistake !== null) return `${when}: ${mistake}`;
  }
  return null;
}

function policyMistake(given: unknown): string | null {
  const name = isObject(given) ? given['policy'] : given;
  if (!(ERROR_POLICIES as readonly unknown[]).includes(name)) {
    return `takes ${ERROR_POLICIES.join(', ')}, not ${JSON.stringify(name)}`;
  }
  if (!isObject(given)) return null;
  if (!RETRYING.includes(String(name))) {
    return `${String(name)} has no retries: write it as '${String(name)}'`;
  }
  const { policy, ...retries } = given;
  for (const [key, value] of Object.entries(retries)) {
    const mistake = retryMistake(String(policy), key, value);
    if (mistake !== null) return mistake;
  }
  return null;
}

function retryMistake(policy: string, key: string, value: unknown): string | null {
  if (!Object.hasOwn(RETRY_BOUNDS, key)) {
    return `${policy} takes ${Object.keys(RETRY_BOUNDS).join(', ')}, not ${key}`;
  }
  const bounds = RETRY_BOUNDS[key as keyof Retries];
  const isNumber = typeof value === 'number' && value >= bounds.min && value <= bounds.max;
  if (isNumber && (key !== 'attempts' || Number.isInteger(value))) return null;
  return `${key} is ${bounds.min} to ${bounds.max}, not ${JSON.stringify(value)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
