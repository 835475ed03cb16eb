/**
 * What becomes of a record that cannot be folded, because it cannot be decoded, a function of the projection fails on it, Postgres refuses what it makes, or it ends the
 * process: `fail`: its task halts before it; `skip`: it is set aside as a dead letter; `retry…`: it is tried three times first, each time from committed rows;
 * `quarantineKey`: it is set aside, and the later records with its key wait behind it, in order, while other keys go on.
 */
export type ErrorPolicy = (typeof ERROR_POLICIES)[number];

/** All policies. */
export const ERROR_POLICIES = [
  'fail',
  'skip',
  'retryAndFail',
  'retryAndSkip',
  'quarantineKey',
] as const;

/** The policy while following the log, and that of rebuilds. */
export interface ErrorPolicies {
  readonly live: ErrorPolicy;
  readonly rebuild: ErrorPolicy;
}
