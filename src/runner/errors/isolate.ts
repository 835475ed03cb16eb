import type { RecordBatch } from '../../log/record-batch.ts';
import { splitBatch } from '../../log/slice-batch.ts';
import { classify } from '../../readmodel/postgres-errors.ts';
import { isRepriseError } from '../../reprise-error.ts';

/** A task whose batches can be tried in parts. */
export interface Divisible {
  /** Throws memory away and begins again from the committed rows. */
  reopen(): Promise<void>;
  fold(batch: RecordBatch): Promise<void>;
  flush(): Promise<void>;
  /** Passes a batch of one record over, as the error policy says. @throws when it says to stop, or to try again */
  setAside(batch: RecordBatch, error: Error): Promise<void>;
}

/** Postgres refuses what was folded: neither an infrastructure fault nor one that another try mends. */
export function isDefect(error: unknown): error is Error {
  return error instanceof Error && !isRepriseError(error) && classify(error) === 'defect';
}

/**
 * Finds the records for which Postgres refused a flush, by halving: each half is folded from committed rows and flushed by itself, so that what is good is applied exactly once,
 * and what is bad stands alone in the end. Costs about two flushes per halving and bad record.
 */
export async function isolate(
  task: Divisible,
  batches: readonly RecordBatch[],
  error: Error,
): Promise<void> {
  await task.reopen();
  const parts = halved(batches);
  const [only] = parts.length === 1 ? (parts[0] ?? []) : [];
  if (only !== undefined && only.count <= 1) {
    await task.setAside(only, error);
    await task.flush();
    return;
  }
  for (const part of parts) {
    try {
      for (const batch of part) await task.fold(batch);
      await task.flush();
    } catch (failure) {
      if (!isDefect(failure)) throw failure;
      await isolate(task, part, failure);
    }
  }
}

/** Two runs of batches with about half of the records each; one run where it cannot be divided. */
function halved(batches: readonly RecordBatch[]): readonly (readonly RecordBatch[])[] {
  if (batches.length > 1) {
    const middle = batches.length >> 1;
    return [batches.slice(0, middle), batches.slice(middle)];
  }
  const [batch] = batches;
  if (batch === undefined || batch.count <= 1) return [batches];
  return splitBatch(batch, batch.offsets[batch.count >> 1] as number).map((half) => [half]);
}
