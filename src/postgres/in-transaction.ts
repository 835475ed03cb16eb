import type { Pool, PoolClient } from 'pg';
import { AmbiguousCommit, leavesCommitOpen } from './classify.ts';

/** Options of `inTransaction`. */
interface TransactionOptions {
  /** Returns a connection with an open transaction. Default: any connection of the pool. */
  readonly begin?: (pool: Pool) => Promise<PoolClient>;
  /** Called after COMMIT was sent. */
  readonly onCommitSent?: () => Promise<void>;
}

/**
 * Runs `work` in a transaction on a pooled connection: BEGIN, work, COMMIT; ROLLBACK if work
 * throws. A failed connection is destroyed, not returned to the pool. @throws AmbiguousCommit if
 * COMMIT was sent and no response came; otherwise what `work` or Postgres threw
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
  { begin = begun, onCommitSent }: TransactionOptions = {},
): Promise<Result> {
  const client = await begin(pool);
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    const result = await work(client);
    await commit(client, onCommitSent);
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

async function begun(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    return client;
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
}

async function commit(
  client: PoolClient,
  onCommitSent: (() => Promise<void>) | undefined,
): Promise<void> {
  try {
    const answer = client.query('commit');
    await onCommitSent?.();
    await answer;
  } catch (error) {
    if (!leavesCommitOpen(error)) throw error;
    throw new AmbiguousCommit('the connection was lost during COMMIT', { cause: error });
  }
}
