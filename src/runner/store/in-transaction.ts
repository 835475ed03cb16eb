import type { Pool, PoolClient } from 'pg';
import { inTransaction as transact } from '../../postgres/in-transaction.ts';
import { failpoint } from '../settings/failpoint.ts';

/**
 * `inTransaction` of the room `postgres`, where fault tests may stop the process once COMMIT is on
 * its way. @throws AmbiguousCommit, whatever `work` or Postgres threw
 */
export function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  return transact(pool, work, { onCommitSent: () => failpoint('transaction:commit-sent') });
}
