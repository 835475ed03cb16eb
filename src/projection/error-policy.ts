/**
 * What becomes of a record that cannot be folded, because it cannot be decoded, a function of the projection fails on it, or Postgres refuses what it makes:
 * `fail`: its task halts before it; `skip`: it is set aside as a dead letter; `retry…`: it is tried three times first, each time from committed rows.
 */
export type ErrorPolicy = (typeof ERROR_POLICIES)[number];

/** All policies. */
export const ERROR_POLICIES = ['fail', 'skip', 'retryAndFail', 'retryAndSkip'] as const;

/** The policy while following the log, and that of rebuilds. */
export interface ErrorPolicies {
  readonly live: ErrorPolicy;
  readonly rebuild: ErrorPolicy;
}
