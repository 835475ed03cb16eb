import type pg from 'pg';
import type { DeadLetter } from '../../fold/task/task-fold.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { markTrying } from '../store/checkpoint-store.ts';
import type { OwnedTask } from '../store/task-key.ts';
import type { BatchSize } from './batch-size.ts';
import { pillOf } from './failed-records.ts';
import { positionText } from './task-error-policy.ts';

/**
 * Number of processes in a row that must have ended while folding a record before it counts as the
 * cause.
 */
const PILL_TRIES = 3;

/**
 * Returns the dead letter of a record on which several processes in a row ended; null: fold the
 * record. While records are folded one by one after such deaths, the task names each record in
 * Postgres before it decodes it. The next process reads there which record ended the last one.
 */
export async function poisonPill(
  pool: pg.Pool,
  task: OwnedTask,
  batchSize: BatchSize,
  batch: RecordBatch,
): Promise<DeadLetter | null> {
  if (!batchSize.triesOne || batch.count !== 1) return null;
  const record = positionText({ ...batch, offset: batch.offsets[0] as number });
  const { trying } = task.status;
  if (trying?.record === record && trying.times >= PILL_TRIES) return pillOf(batch, trying.times);
  if (batchSize.marks(record)) {
    await inTransaction(pool, (client) => markTrying(client, task, record));
  }
  return null;
}
