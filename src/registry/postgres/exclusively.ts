import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';

/**
 * Runs a change in its own transaction, under a table lock, one change at a time. Changes are rare:
 * the lock keeps ids and versions gapless without retries, and makes a check and its change atomic.
 * Readers are not blocked.
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
