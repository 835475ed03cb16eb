/**
 * What happens to a record that cannot be folded: it cannot be decoded, a function of the
 * projection fails on it, Postgres refuses its rows, or it ends the process. `fail`: its task halts
 * before it. `skip`: it is stored as a dead letter. `quarantineKey`: it is stored, and later
 * records with its key wait behind it, in order, until a redrive. `retry…`: likewise, but its task
 * folds it again by itself, a limited number of times, while other keys continue; after the last
 * attempt only this record stays a dead letter (`retryAndSkip`), or the task halts
 * (`retryAndFail`).
 */
export type ErrorPolicyName = (typeof ERROR_POLICIES)[number];

/** A policy by its name, or a policy with retries that says how many and at which interval. */
export type ErrorPolicy = ErrorPolicyName | RetryPolicy;

/** All policies. */
export const ERROR_POLICIES = [
  'fail',
  'skip',
  'retryAndFail',
  'retryAndSkip',
  'quarantineKey',
] as const;

/** How often a record is tried, and at which interval. */
export interface Retries {
  /** Total attempts, including the first: 1 to 1,000. */
  readonly attempts: number;
  /** Delay between the first and the second attempt, in milliseconds, 0 to 3,600,000. */
  readonly initialMs: number;
  /** Factor by which each delay is longer than the previous one, up to an hour: 1 to 100. */
  readonly factor: number;
}

/** A policy with retries as data. Omitted numbers are those of `DEFAULT_RETRIES`. */
export interface RetryPolicy extends Partial<Retries> {
  readonly policy: 'retryAndFail' | 'retryAndSkip';
}

/** Three attempts, 100 and 200 ms apart. */
export const DEFAULT_RETRIES: Retries = { attempts: 3, initialMs: 100, factor: 2 };

/** Bounds of the numbers of a retry policy, inclusive. */
export const RETRY_BOUNDS = {
  attempts: { min: 1, max: 1_000 },
  initialMs: { min: 0, max: 3_600_000 },
  factor: { min: 1, max: 100 },
} as const;

/** The policies of live tasks and of rebuilds. */
export interface ErrorPolicies {
  readonly live: ErrorPolicy;
  readonly rebuild: ErrorPolicy;
}

/** Returns the name of a policy, and its retries; null if it has none. */
export function readPolicy(policy: ErrorPolicy): {
  readonly name: ErrorPolicyName;
  readonly retries: Retries | null;
} {
  if (typeof policy !== 'string') {
    const { policy: name, ...said } = policy;
    return { name, retries: { ...DEFAULT_RETRIES, ...said } };
  }
  const hasRetries = policy === 'retryAndFail' || policy === 'retryAndSkip';
  return { name: policy, retries: hasRetries ? DEFAULT_RETRIES : null };
}
