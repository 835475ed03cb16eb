import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';

/**
 * Runs a change in a transaction of its own, one change at a time, under a lock of the table.
 * Changes are rare: the lock keeps ids and versions gapless without retries, and makes a check and
 * what it allows one step. Readers are not held up.
 */
export function exclusively<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  return inTransaction(pool, async (client) => {
    await client.query('lock table reprise.registry_schemas in share row exclusive mode');
    return work(client);
  });
}
