import type { Pool, PoolClient } from 'pg';
import { failpoint } from '../concurrency/failpoint.ts';
import { AmbiguousCommit, isPassing, leavesCommitOpen } from './classify.ts';

/** How a transaction runs. */
interface TransactionOptions {
  /** Default: read committed. */
  readonly isolation?: 'repeatable read';
}

/**
 * Runs `work` in a transaction on a pooled connection: BEGIN, work, COMMIT; ROLLBACK if work
 * throws. A failed connection is destroyed, not returned to the pool. @throws AmbiguousCommit if
 * COMMIT was sent and no response came; otherwise what `work` or Postgres threw
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
  { isolation }: TransactionOptions = {},
): Promise<Result> {
  const begin = isolation === undefined ? 'begin' : `begin isolation level ${isolation}`;
  const client = await begun(pool, begin);
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    const result = await work(client);
    await commit(client);
    return result;
  } catch (error) {
    if (error instanceof AmbiguousCommit) broken = error;
    if (broken === undefined) {
      await client.query('rollback').catch((rollbackError: Error) => {
        broken = rollbackError;
      });
    }
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken ?? false);
  }
}

/**
 * A connection with a transaction begun. Idle connections that were cut, and do not know it yet,
 * are destroyed and the next is tried: nothing was asked of them, so nothing is in doubt. The pool
 * holds at most `max` of them; a new connection that fails means that the server is away.
 */
async function begun(pool: Pool, begin: string): Promise<PoolClient> {
  for (let cut = 0; ; cut += 1) {
    const client = await pool.connect();
    try {
      await client.query(begin);
      return client;
    } catch (error) {
      client.release(error as Error);
      if (!isPassing(error) || cut >= pool.options.max) throw error;
    }
  }
}

async function commit(client: PoolClient): Promise<void> {
  try {
    const answer = client.query('commit');
    await failpoint('transaction:commit-sent');
    await answer;
  } catch (error) {
    if (!leavesCommitOpen(error)) throw error;
    throw new AmbiguousCommit('the connection was lost during COMMIT', { cause: error });
  }
}
