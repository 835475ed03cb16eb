import type { Pool, PoolClient } from 'pg';

/**
 * Runs a change in a transaction of its own, one change at a time: 1 begin, 2 lock, 3 work, 4 commit. Changes are rare: the lock keeps ids and versions gapless without
 * retries, and makes a check and what it allows one step. Readers are not held up.
 */
export async function exclusively<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin'); // 1
    await client.query('lock table reprise.registry_schemas in share row exclusive mode'); // 2
    const result = await work(client); // 3
    await client.query('commit'); // 4
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
