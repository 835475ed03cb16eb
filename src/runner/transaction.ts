import type { Pool, PoolClient } from 'pg';
import { failpoint } from './failpoint.ts';

/** The connection broke while COMMIT was under way: whether it took effect is not known. */
export class AmbiguousCommit extends Error {
  override readonly name = 'AmbiguousCommit';
}

/**
 * Runs `work` in a transaction on a pooled connection: BEGIN, work, COMMIT; ROLLBACK when work throws. A connection that failed is destroyed, not
 * pooled again. @throws AmbiguousCommit when COMMIT was sent and its answer never came; else whatever `work` or Postgres threw
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
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

async function commit(client: PoolClient): Promise<void> {
  try {
    const answer = client.query('commit');
    await failpoint('transaction:commit-sent');
    await answer;
  } catch (error) {
    // An answer from the server (it has an SQLSTATE) is definite: the transaction was rolled back. A server that is being shut down may also
    // have committed just before saying so, hence 57P0x counts as no answer.
    const state = (error as { code?: unknown }).code;
    const definite =
      typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) && !state.startsWith('57P');
    if (definite) throw error;
    throw new AmbiguousCommit('the connection was lost during COMMIT', { cause: error });
  }
}
