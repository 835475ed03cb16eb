import type { DeadLetter } from '../../fold/task/task-fold.ts';
import { FoldAgain } from '../../reprise-error.ts';
import { factsOf } from '../store/checkpoint-store.ts';
import type { TaskKey } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';
import type { FailedRecords } from './failed-records.ts';
import { isDefect } from './is-defect.ts';
import type { Recovery } from './recovery.ts';

/**
 * Explains a failed flush of `records` records. Returns the error itself, or, if Postgres rejects
 * the rows: FoldAgain with a smaller batch size, or the rejection of a single record. `last`: the
 * record, if it was the only one.
 */
export function refusedRows(
  error: unknown,
  tried: { readonly task: TaskKey; readonly records: number; readonly last: DeadLetter | null },
  to: { readonly batchSize: Recovery['batchSize']; readonly failed: FailedRecords },
): unknown {
  const { task, records, last } = tried;
  if (!isDefect(error) || records === 0) return error;
  if (records > 1) {
    to.batchSize.failed(records);
    return new FoldAgain(
      'DATABASE_FAILED',
      `Postgres rejects the rows of ${records} records of ${taskLabel(task)}: ${error.message}. They are folded again, fewer at a time.`,
      { cause: error, facts: factsOf(task) },
    );
  }
  // The record was set aside, and the flush is still rejected: the record is not the cause.
  if (last === null) return error;
  to.batchSize.cleared();
  return to.failed.reject(
    { ...last, message: `Postgres rejects its row: ${error.message}.` },
    error,
  );
}
