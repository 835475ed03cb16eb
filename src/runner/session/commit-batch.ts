import type { Pool } from 'pg';
import type { Backoff } from '../../concurrency/backoff.ts';
import { failpoint } from '../../concurrency/failpoint.ts';
import { AmbiguousCommit, classify } from '../../postgres/classify.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { lockTask } from '../store/checkpoint-store.ts';
import type { OwnedTask } from '../store/task-key.ts';
import type { CommitStatus, FoldedBatch, WriteRows } from './flush.ts';
import { commitStatusOf, flush } from './flush.ts';

/** The task for which a batch is committed, and how to commit it. */
export interface CommitTarget {
  readonly pool: Pool;
  readonly task: OwnedTask;
  readonly write: WriteRows;
  readonly append?: WriteRows | undefined;
  readonly backoff: Backoff;
  /**
   * Called when Postgres becomes unavailable (the reason) and when it is available again (null).
   */
  readonly onPause: (reason: Error | null) => void;
}

/**
 * Commits a folded batch exactly once, whatever happens to the connection. States and moves:
 *
 * - *trying*: a transaction with `flush`. Committed → done. An error of the class `retry` → trying
 *   again, same bytes. Infrastructure unavailable → *waiting*. COMMIT without an answer →
 *   *doubtful*. FENCED, OFFSET_MISMATCH or a defect → thrown.
 * - *waiting*: backoff, then *doubtful*: reading costs little, and is right whatever the broken
 *   connection left behind.
 * - *doubtful*: on a new connection, lock the task (an old COMMIT in progress holds that lock)
 *   and read the offsets: at the batch's end → done; at its beginning → trying; fenced → thrown.
 *
 * @throws FENCED, OFFSET_MISMATCH, any error of Postgres that is a defect of the projection or the
 * schema
 */
export async function commitBatch(target: CommitTarget, batch: FoldedBatch): Promise<void> {
  let doubtful = false;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const status = doubtful
        ? await lookAgain(target, batch)
        : await inTransaction(target.pool, (client) => flush(client, target, batch));
      if (attempt > 0) target.onPause(null);
      if (doubtful && status === 'pending') {
        doubtful = false;
        continue;
      }
      await failpoint('flush:after-commit');
      return;
    } catch (error) {
      const move = moveAfter(error);
      if (move === 'throw') throw error;
      if (move === 'doubtful') {
        doubtful = true;
        target.onPause(error as Error);
      }
      await target.backoff.wait(attempt);
    }
  }
}

/** Compares the stored offsets with the batch, on a new connection. */
function lookAgain(target: CommitTarget, batch: FoldedBatch): Promise<CommitStatus> {
  return inTransaction(target.pool, async (client) =>
    commitStatusOf(target.task, await lockTask(client, target.task), batch),
  );
}

function moveAfter(error: unknown): 'throw' | 'retry' | 'doubtful' {
  if (error instanceof AmbiguousCommit) return 'doubtful';
  if (isRepriseError(error, 'FENCED') || isRepriseError(error, 'OFFSET_MISMATCH')) return 'throw';
  switch (classify(error)) {
    case 'retry':
      return 'retry';
    case 'pause':
      return 'doubtful';
    case 'defect':
      return 'throw';
  }
}
